// The same on oceanic.js, a client that shares no code with discord.js.
'use strict';
const { Client, ComponentTypes, ButtonStyles, MessageFlags, TextInputStyles } = require('oceanic.js');

const client = new Client({
  auth: `Bot ${process.env.DISCORD_TOKEN}`, rest: { baseURL: `${process.env.DISCORD_API}/v10` },
  gateway: { intents: ['GUILDS', 'GUILD_MESSAGES', 'GUILD_MESSAGE_REACTIONS'], compress: process.env.DISCORD_COMPRESS === '1' && 'zlib-stream', compressLibrary: 'native' },
});

client.on('error', error => console.error(error));

client.once('ready', async () => {
  const guild = client.guilds.first() ?? client.unavailableGuilds.first();
  await client.application.bulkEditGuildCommands(guild.id, [
    { type: 1, name: 'echo', description: 'Says it again', options: [{ type: 3, name: 'text', description: 'What', required: true }] },
    { type: 1, name: 'card', description: 'Posts a card' },
    { type: 1, name: 'form', description: 'Opens a form' },
  ]);
  console.log('ready');
});

const card = text => [
  { type: ComponentTypes.TEXT_DISPLAY, content: text },
  { type: ComponentTypes.ACTION_ROW, components: [{ type: ComponentTypes.BUTTON, style: ButtonStyles.PRIMARY, customID: 'press', label: 'Press' }] },
];

const commands = {
  async echo(i) {
    await i.createMessage({ content: `you said ${i.data.options.getString('text', true)}`, flags: MessageFlags.EPHEMERAL });
  },
  async card(i) {
    await i.defer();
    const sent = await i.editOriginal({ components: card('press it'), flags: MessageFlags.IS_COMPONENTS_V2 });
    await client.rest.channels.pinMessage(i.channelID, sent.id);
    const thread = await client.rest.channels.startThreadFromMessage(i.channelID, sent.id, { name: 'about the card' });
    await client.rest.channels.createMessage(thread.id, { content: 'in the thread' });
  },
  async form(i) {
    await i.createModal({
      customID: 'form', title: 'A form', components: [
        { type: ComponentTypes.LABEL, label: 'Text', component: { type: ComponentTypes.TEXT_INPUT, customID: 'text', style: TextInputStyles.SHORT } },
      ],
    });
  },
};

client.on('interactionCreate', async i => {
  try {
    if (i.isCommandInteraction()) {
      await commands[i.data.name](i);
    } else if (i.isComponentInteraction()) {
      await i.editParent({ components: card(`pressed by ${i.user.username}`) });
    } else if (i.isModalSubmitInteraction()) {
      await i.createMessage({ content: `sent ${i.data.components.getTextInput('text', true)}` });
    }
  } catch (error) {
    console.error(error);
  }
});

client.on('messageCreate', async message => {
  if (!message.author.bot && message.mentions.users.some(user => user.id === client.user.id)) {
    await client.rest.channels.createMessage(message.channelID, {
      content: `mentioned by ${message.author.username}`, messageReference: { messageID: message.id },
    });
  }
});

client.on('messageReactionAdd', async (message, reactor) => {
  if (reactor.id !== client.user.id) await client.rest.channels.createReaction(message.channelID, message.id, '👀');
});

client.connect().catch(error => { console.error(error); process.exit(1); });
