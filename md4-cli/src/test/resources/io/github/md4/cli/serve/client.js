// SPDX-License-Identifier: Apache-2.0
// The official client of OpenAI's API against md4 serve: node client.js URL TOKEN. Prints JSON.
const { OpenAI } = require("openai");

async function main(url, token) {
  const client = new OpenAI({ baseURL: url + "v1", apiKey: token, maxRetries: 0 });
  const models = [];
  for await (const model of client.models.list()) models.push(model.id);
  const ask = { model: models[0], prompt: "ab", n: 2, max_tokens: 6, temperature: 0.7, seed: 11 };
  const whole = await client.completions.create(ask);
  const texts = ["", ""];
  let usage = null;
  const stream = await client.completions.create(
    { ...ask, stream: true, stream_options: { include_usage: true } });
  for await (const chunk of stream) {
    for (const choice of chunk.choices) texts[choice.index] += choice.text;
    usage = chunk.usage ?? usage;
  }
  const errors = [];
  for (const wrong of [{ model: "other" }, { prompt: "xyz" }, { n: 0 }]) {
    try {
      await client.completions.create({ ...ask, ...wrong });
    } catch (e) {
      errors.push([e.constructor.name, e.status, e.message]);
    }
  }
  const intruder = new OpenAI({ baseURL: url + "v1", apiKey: "wrong", maxRetries: 0 });
  await intruder.models.list().catch(e => errors.push([e.constructor.name, e.status, e.message]));
  const model = await client.models.retrieve(models[0]);
  console.log(JSON.stringify({ models, whole, texts, usage, errors, model: model.id }));
}

main(process.argv[2], process.argv[3]).catch(e => { console.error(e); process.exit(1); });
