// A small application on discord.js, the most used client of Discord. The fake has to take what this client sends, and
// to send what it expects.
'use strict';
const {
  ButtonBuilder, ButtonStyle, Client, Events, GatewayIntentBits, LabelBuilder, MessageFlags, ModalBuilder,
  RadioGroupBuilder, StringSelectMenuBuilder, TextDisplayBuilder, TextInputBuilder, TextInputStyle, UserSelectMenuBuilder,
  ActionRowBuilder, ContainerBuilder, PermissionFlagsBits,
} = require('discord.js');

const client = new Client({
  intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.GuildMessageReactions],
  rest: { api: process.env.DISCORD_API, version: '10' },
});

client.on(Events.Error, error => console.error(error));
client.on(Events.ShardReady, () => console.log('shard ready'));
client.on(Events.ShardResume, (shard, replayed) => console.log(`resumed, ${replayed} replayed`));

client.once(Events.ClientReady, async () => {
  const guild = client.guilds.cache.first();
  await guild.commands.set([
    { name: 'echo', description: 'Says it again', options: [
      { type: 3, name: 'text', description: 'What to say', required: true, autocomplete: true },
      { type: 6, name: 'to', description: 'To whom' },
    ] },
    { name: 'card', description: 'Posts a card' },
    { name: 'form', description: 'Opens a form' },
    { name: 'slow', description: 'Answers later' },
    { name: 'room', description: 'Opens a channel', options: [
      { type: 1, name: 'open', description: 'Open it', options: [{ type: 3, name: 'name', description: 'Its name', required: true }] },
    ] },
    { name: 'Note', type: 3 },
  ]);
  console.log('ready');
});

const card = text => [
  new ContainerBuilder().addTextDisplayComponents(new TextDisplayBuilder().setContent(text)).addActionRowComponents(
    new ActionRowBuilder().addComponents(new ButtonBuilder().setCustomId('press').setLabel('Press').setStyle(ButtonStyle.Primary)),
  ).toJSON(),
  new ActionRowBuilder().addComponents(
    new StringSelectMenuBuilder().setCustomId('pick').addOptions({ label: 'One', value: '1' }, { label: 'Two', value: '2' }),
  ).toJSON(),
];

const commands = {
  async echo(i) {
    const to = i.options.getMember('to');
    await i.reply({ content: `you said ${i.options.getString('text')}${to ? ` to ${to.displayName}` : ''}`, flags: MessageFlags.Ephemeral });
  },
  async card(i) {
    const response = await i.reply({ components: card('press it'), flags: MessageFlags.IsComponentsV2, withResponse: true });
    const message = response.resource.message;
    const posted = await i.channel.messages.fetch(message.id);
    await posted.pin();
    const thread = await posted.startThread({ name: 'about the card', autoArchiveDuration: 60 });
    await thread.send('in the thread');
  },
  async form(i) {
    await i.showModal(new ModalBuilder().setCustomId('form').setTitle('A form').addLabelComponents(
      new LabelBuilder().setLabel('Text').setTextInputComponent(new TextInputBuilder().setCustomId('text').setStyle(TextInputStyle.Paragraph)),
      new LabelBuilder().setLabel('Who').setUserSelectMenuComponent(new UserSelectMenuBuilder().setCustomId('who').setRequired(false)),
      new LabelBuilder().setLabel('How').setRadioGroupComponent(new RadioGroupBuilder().setCustomId('how').addOptions(
        { label: 'Fast', value: 'fast' }, { label: 'Slow', value: 'slow' },
      )),
    ));
  },
  async slow(i) {
    await i.deferReply();
    await i.editReply({ content: 'here it is', files: [{ attachment: Buffer.from('a file'), name: 'report.txt' }] });
    await i.followUp({ content: 'and more', flags: MessageFlags.Ephemeral });
  },
  async room(i) {
    const channel = await i.guild.channels.create({
      name: i.options.getString('name'), topic: 'made by a client',
      permissionOverwrites: [{ id: i.user.id, allow: [PermissionFlagsBits.ViewChannel, PermissionFlagsBits.SendMessages] }],
    });
    await channel.setTopic('changed by a client');
    await channel.permissionOverwrites.edit(i.guild.roles.everyone, { AttachFiles: false });
    const first = await channel.send({ content: `hello <@${i.user.id}>`, nonce: '1', enforceNonce: true });
    const second = await channel.send({ content: 'hello', nonce: '1', enforceNonce: true });
    await i.reply(first.id === second.id ? `opened ${channel.name}` : 'posted twice');
  },
  async Note(i) {
    await i.reply({ content: `noted ${i.targetMessage.content}`, flags: MessageFlags.Ephemeral });
  },
};

client.on(Events.InteractionCreate, async i => {
  try {
    if (i.isAutocomplete()) {
      await i.respond([{ name: `${i.options.getFocused()} and more`, value: 'suggested' }]);
    } else if (i.isCommand()) {
      await commands[i.commandName](i);
    } else if (i.isButton()) {
      await i.update({ components: card(`pressed by ${i.user.displayName}`) });
    } else if (i.isStringSelectMenu()) {
      await i.reply(`picked ${i.values.join(', ')}`);
    } else if (i.isModalSubmit()) {
      const who = i.fields.getSelectedUsers('who');
      await i.reply(`sent ${i.fields.getTextInputValue('text')}, ${who ? who.map(u => u.username).join() : 'nobody'}, ${i.fields.getRadioGroup('how')}`);
    }
  } catch (error) {
    console.error(i.type, error);
  }
});

client.on(Events.MessageCreate, async message => {
  if (!message.author.bot && message.mentions.has(client.user)) await message.reply('mentioned by ' + message.author.username);
});

client.on(Events.MessageReactionAdd, async (reaction, user) => {
  if (user.id !== client.user.id) await reaction.message.react('👀');
});

client.login(process.env.DISCORD_TOKEN).catch(error => { console.error(error); process.exit(1); });
