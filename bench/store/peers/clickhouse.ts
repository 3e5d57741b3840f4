import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ecgTime } from "../ecg.ts";
import { findProgram, freePort, startServer } from "../process.ts";
import { BUCKETS, type StoreSystem } from "../system.ts";
import { timeOf, valueAt } from "../workload.ts";
import { isAnswering, openHttpPeer, PEER_CONNECTIONS } from "./http-peer.ts";

const PROGRAM = findProgram("/usr/sbin/clickhouse-server", "/usr/bin/clickhouse-server", "/usr/bin/clickhouse");
const ROW_BYTES = 4 + 1 + 8 + 4;
const ECG_ROW_BYTES = 4 + 8 + 2;

/** A row per reading in a MergeTree ordered by patient, signal and time; rows in its binary form over HTTP. */
export const clickHouse: StoreSystem = {
  name: "ClickHouse",
  // Its manual: inserts are not flushed to the disk before the answer, unless fsync settings of later versions say so.
  isDurable: false,
  missing: () => (PROGRAM ? undefined : "apt install clickhouse-server clickhouse-client"),
  async open(folder, workload) {
    const port = await freePort();
    const config = join(folder, "config.xml");
    mkdirSync(join(folder, "data"));
    writeFileSync(config, configuration(folder, port, await freePort(), await freePort()));
    writeFileSync(join(folder, "users.xml"), USERS);
    const args = PROGRAM?.endsWith("server") ? [] : ["server"];
    const server = await startServer(
      PROGRAM as string,
      [...args, `--config-file=${config}`],
      isAnswering(port, "/ping"),
    );
    const peer = await openHttpPeer(port);
    const { vitals, rows, start, patients } = workload;

    const run = (sql: string) => peer.ask("POST", "/", Buffer.from(sql));
    const rowsOf = async (sql: string) => {
      const { data } = JSON.parse((await run(`${sql} FORMAT JSONCompact`)).toString()) as { data: unknown[][] };
      return data;
    };
    const one = async (sql: string) => Number((await rowsOf(sql))[0]?.[0]);
    await run(`CREATE TABLE reading (patient UInt32, vital UInt8, t Int64, value Float32)
      ENGINE = MergeTree ORDER BY (patient, vital, t)`);
    await run("CREATE TABLE ecg (patient UInt32, t Int64, sample Int16) ENGINE = MergeTree ORDER BY (patient, t)");
    const insert = (table: string) => `/?query=${encodeURIComponent(`INSERT INTO ${table} FORMAT RowBinary`)}`;
    const sizeOf = (table: string) =>
      one(`SELECT toFloat64(sum(bytes_on_disk)) FROM system.parts WHERE active AND table = '${table}'`);
    const newest = "SELECT patient, vital, argMax(value, t) FROM reading";
    let ecgStart = 0;

    return {
      connections: PEER_CONNECTIONS,
      prepare({ patient, first, rows: count }) {
        const body = Buffer.alloc(count * vitals.length * ROW_BYTES);
        let at = 0;
        for (let v = 0; v < vitals.length; v++) {
          for (let i = 0; i < count; i++, at += ROW_BYTES) {
            body.writeUInt32LE(patient, at);
            body.writeUInt8(v, at + 4);
            body.writeBigInt64LE(BigInt(timeOf(workload, first + i)), at + 5);
            body.writeFloatLE(valueAt(workload, patient, v, first + i), at + 13);
          }
        }
        return peer.post(insert("reading"), body);
      },
      settle: async () => void (await run("OPTIMIZE TABLE reading FINAL")),
      count: () => one("SELECT toFloat64(count()) FROM reading"),
      bytes: () => sizeOf("reading"),
      queries: {
        latest: async (patient) =>
          (await rowsOf(`${newest} WHERE patient = ${patient} GROUP BY patient, vital`)).length,
        raw: async (patient, v) =>
          (await rowsOf(`SELECT t, value FROM reading WHERE patient = ${patient} AND vital = ${v} ORDER BY t`)).length,
        async trend(patient) {
          const bucket = `intDiv(t - ${start}, ${(rows * 1000) / BUCKETS})`;
          const sql = `SELECT vital, ${bucket} AS bucket, min(value), max(value), avg(value) FROM reading
            WHERE patient = ${patient} GROUP BY vital, bucket ORDER BY vital, bucket`;
          return (await rowsOf(sql)).length;
        },
        ward: async () => (await rowsOf(`${newest} WHERE patient < ${patients} GROUP BY patient, vital`)).length,
      },
      ecg: {
        async begin(ecg) {
          ecgStart = ecg.start;
        },
        prepare({ patient, first, samples }) {
          const body = Buffer.alloc(samples.length * ECG_ROW_BYTES);
          for (const [i, sample] of samples.entries()) {
            const at = i * ECG_ROW_BYTES;
            body.writeUInt32LE(patient, at);
            body.writeBigInt64LE(BigInt(ecgTime({ start: ecgStart }, first + i)), at + 4);
            body.writeInt16LE(sample, at + 12);
          }
          return peer.post(insert("ecg"), body);
        },
        settle: async () => void (await run("OPTIMIZE TABLE ecg FINAL")),
        count: () => one("SELECT toFloat64(count()) FROM ecg"),
        bytes: () => sizeOf("ecg"),
      },
      async close() {
        peer.close();
        await server.stop();
      },
    };
  },
};

const USERS = `<yandex><profiles><default/></profiles><quotas><default/></quotas>
<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users></yandex>`;

function configuration(folder: string, http: number, tcp: number, inter: number): string {
  return `<yandex><logger><level>error</level><console>1</console></logger>
<http_port>${http}</http_port><tcp_port>${tcp}</tcp_port><interserver_http_port>${inter}</interserver_http_port>
<listen_host>127.0.0.1</listen_host><keep_alive_timeout>600</keep_alive_timeout>
<path>${join(folder, "data")}/</path><tmp_path>${join(folder, "tmp")}/</tmp_path>
<users_config>${join(folder, "users.xml")}</users_config><default_profile>default</default_profile><default_database>default</default_database>
<mark_cache_size>268435456</mark_cache_size></yandex>`;
}
