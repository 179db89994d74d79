// Passkeys: what the browser has to do for the forms that need one. A form with data-script gets its options from beside
// its action, asks the authenticator, and is sent with the answer. Whatever fails on the server is told by the page that
// the form leads to.
(() => {
  'use strict'
  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0))
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
  const known = list => (list || []).map(c => ({ ...c, id: bytes(c.id) }))

  const create = o => navigator.credentials.create({
    publicKey: {
      ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) },
      excludeCredentials: known(o.excludeCredentials),
    },
  })
  const get = o => navigator.credentials.get({
    publicKey: { ...o, challenge: bytes(o.challenge), allowCredentials: known(o.allowCredentials) },
  })

  // answer is what the authenticator said, as the server reads it.
  const answer = c => {
    const response = { clientDataJSON: text(c.response.clientDataJSON) }
    for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
      if (c.response[name]) response[name] = text(c.response[name])
    }
    if (c.response.getTransports) response.transports = c.response.getTransports()
    return JSON.stringify({
      id: c.id, rawId: text(c.rawId), type: c.type, response, clientExtensionResults: c.getClientExtensionResults(),
    })
  }

  const sentences = {
    NotAllowedError: 'No passkey was used: you cancelled, it took too long, or this device has none for these pages.',
    InvalidStateError: 'This device has a passkey of yours here already.',
    SecurityError: 'Passkeys do not work at this address. They need a name with https, or localhost.',
  }

  const say = (form, words) => {
    let p = form.querySelector('[role=alert]')
    if (!p) {
      p = document.createElement('p')
      p.setAttribute('role', 'alert')
      form.append(p)
    }
    p.textContent = words
  }

  const run = async form => {
    const got = await fetch(new URL('options', form.action), { method: 'POST', credentials: 'same-origin' })
    if (got.ok && (got.headers.get('Content-Type') || '').startsWith('application/json')) {
      const options = await got.json()
      const credential = await (options.create ? create(options.create) : get(options.get))
      let field = form.elements.namedItem('credential')
      if (!field) {
        field = document.createElement('input')
        field.type = 'hidden'
        field.name = 'credential'
        form.append(field)
      }
      field.value = answer(credential)
    }
    form.submit()
  }

  for (const form of document.querySelectorAll('form[data-script="/login/assets/passkey.js"]')) {
    const button = form.querySelector('button')
    form.addEventListener('submit', async event => {
      event.preventDefault()
      if (!window.PublicKeyCredential) {
        say(form, 'This browser does not know passkeys.')
        return
      }
      button.disabled = true
      try {
        await run(form)
      } catch (e) {
        say(form, sentences[e.name] || 'That did not work: ' + e.message)
      }
      button.disabled = false
    })
  }
})()
