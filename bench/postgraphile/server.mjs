// PostGraphile 5 as its makers would run it: one process, grafserv on node:http, no websockets, no explorer.
import { createServer } from "node:http";
import { grafserv } from "postgraphile/grafserv/node";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";
import { postgraphile } from "postgraphile";

const preset = {
  extends: [PostGraphileAmberPreset, PostGraphileConnectionFilterPreset],
  // It would hide what has no index of its own, such as the time when an order was voided.
  disablePlugins: ["PgIndexBehaviorsPlugin"],
  pgServices: [
    makePgService({ connectionString: process.env.RIVAL_URL, schemas: ["public"], pubsub: false, poolConfig: { max: 10 } }),
  ],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false, websockets: false },
};

const instance = postgraphile(preset);
if (process.argv[2] === "--print") {
  const { printSchema } = await import("postgraphile/graphql");
  console.log(printSchema(await instance.getSchema()));
  await instance.release();
  process.exit(0);
}
const serv = instance.createServ(grafserv);
const server = createServer();
server.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
await serv.addTo(server);
await serv.ready();
server.listen(Number(process.env.PORT), "127.0.0.1");
