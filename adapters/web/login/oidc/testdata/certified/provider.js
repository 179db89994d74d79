// An OpenID provider with one user, by oidc-provider, which the OpenID Foundation certified.
// Environment: CLIENT_ID, CLIENT_SECRET, REDIRECT. It prints its address when it is ready.
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'
import Provider from 'oidc-provider'

const { CLIENT_ID, CLIENT_SECRET, REDIRECT } = process.env
const server = createServer().listen(0, '127.0.0.1')
await once(server, 'listening')
const issuer = `http://127.0.0.1:${server.address().port}`
const key = (type, options, more) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), ...more })

const provider = new Provider(issuer, {
  clients: [{
    client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [REDIRECT], response_types: ['code'],
    grant_types: ['authorization_code'], id_token_signed_response_alg: 'ES256',
  }],
  jwks: {
    keys: [
      key('rsa', { modulusLength: 2048 }, { use: 'sig', alg: 'RS256', kid: 'rsa' }),
      key('ec', { namedCurve: 'P-256' }, { use: 'sig', alg: 'ES256', kid: 'ec' }),
    ],
  },
  claims: { openid: ['sub', 'groups'], email: ['email', 'email_verified'], profile: ['name'] },
  cookies: { keys: ['for one test'] },
  pkce: { required: () => true },
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({
      sub: id, email: `${id}@example.com`, email_verified: true, name: 'Ana Silva', groups: ['operations'],
    }),
  }),
})
server.on('request', provider.callback())
console.log(`ready ${issuer}`)
