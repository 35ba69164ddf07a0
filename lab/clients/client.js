// A worker of the shop that asks its database every 3 s: client.js mysql|postgres|redis|http. Reads DB_* or UPSTREAM.
const { DB_HOST: host, DB_PORT: port, DB_USER: user, DB_PASSWORD: password, DB_NAME: database, UPSTREAM, STATEMENT = "SELECT 1" } = process.env;
const work = {
  mysql: async () => {
    const connection = await require("mysql2/promise").createConnection({ host, port, user, password, database, connectTimeout: 3000 });
    await connection.query(STATEMENT).finally(() => connection.end());
  },
  postgres: async () => {
    const client = new (require("pg").Client)({ host, port, user, password, database, connectionTimeoutMillis: 3000 });
    await client.connect();
    await client.query(STATEMENT).finally(() => client.end());
  },
  redis: async () => {
    const Redis = require("ioredis");
    work.connection ??= new Redis({ host, port, password, connectTimeout: 3000, maxRetriesPerRequest: 1 });
    await work.connection.set("cart:42", "3 items");
  },
  http: async () => { await require("axios").get(UPSTREAM, { timeout: 3000 }); },
}[process.argv[2]];
const loop = async () => {
  try {
    await work();
    console.log(new Date().toISOString(), "order 17 processed");
  } catch (error) {
    console.error(new Date().toISOString(), "order 17 failed:", error);
  }
  setTimeout(loop, 3000);
};
process.on("SIGTERM", () => process.exit(0));
loop();
