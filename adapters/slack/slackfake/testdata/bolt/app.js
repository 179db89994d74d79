// A small app on Slack's own framework. What works with it here has to work with Slack: so the fake is held to what Slack's client expects.
'use strict';
const { App, LogLevel } = require('@slack/bolt');

const clientOptions = { slackApiUrl: process.env.SLACK_API_URL };
const app = new App({
  token: process.env.SLACK_BOT_TOKEN, appToken: process.env.SLACK_APP_TOKEN, socketMode: true, logLevel: LogLevel.ERROR, clientOptions, installerOptions: { clientOptions },
});

app.command('/echo', async ({ command, ack, respond }) => {
  await ack();
  await respond(`you said ${command.text}`);
});

app.command('/say', async ({ command, ack }) => ack({ response_type: 'in_channel', text: `said ${command.text}` }));

app.command('/button', async ({ command, ack, client }) => {
  await ack();
  const sent = await client.chat.postMessage({
    channel: command.channel_id, text: 'press it',
    blocks: [{ type: 'section', text: { type: 'plain_text', text: 'press it' } }, { type: 'actions', elements: [{ type: 'button', action_id: 'press', text: { type: 'plain_text', text: 'Press' } }] }],
  });
  await client.pins.add({ channel: sent.channel, timestamp: sent.ts });
});

app.action('press', async ({ body, ack, client }) => {
  await ack();
  await client.chat.update({ channel: body.channel.id, ts: body.message.ts, text: `pressed by ${body.user.id}` });
});

app.command('/form', async ({ body, ack, client }) => {
  await ack();
  await client.views.open({
    trigger_id: body.trigger_id,
    view: {
      type: 'modal', callback_id: 'form', private_metadata: body.channel_id, title: { type: 'plain_text', text: 'A form' }, submit: { type: 'plain_text', text: 'Send' },
      blocks: [{ type: 'input', block_id: 'text', label: { type: 'plain_text', text: 'Text' }, element: { type: 'plain_text_input', action_id: 'v' } }],
    },
  });
});

app.view('form', async ({ view, ack, client }) => {
  const text = view.state.values.text.v.value;
  if (text.length < 3) return ack({ response_action: 'errors', errors: { text: 'too short' } });
  await ack();
  await client.chat.postMessage({ channel: view.private_metadata, text: `sent ${text}` });
});

app.event('app_mention', async ({ event, client }) => {
  await client.chat.postMessage({ channel: event.channel, thread_ts: event.ts, text: `mentioned by ${event.user}` });
});

app.start().then(() => console.log('ready'), error => { console.error(error); process.exit(1); });
