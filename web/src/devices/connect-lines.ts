import type { SystemBody } from "@openward/api";

/** Lines that work word for word in a terminal. Ids and tokens hold nothing that a shell would read. */
export interface ConnectLines {
  readonly mqtt: string;
  readonly http: string;
}

export function connectLines(system: Pick<SystemBody, "mqtt" | "publicUrl">, id: string, token: string): ConnectLines {
  const base = system.publicUrl.replace(/\/+$/, "");
  return {
    mqtt: `mosquitto_pub -h ${system.mqtt.host} -p ${system.mqtt.port} -u ${id} -P ${token} -t devices/${id}/readings -q 1 -m '{"values":{"heart-rate":72,"spo2":97}}'`,
    http: `curl -u ${id}:${token} -H 'Content-Type: application/json' -d '{"values":{"heart-rate":72}}' ${base}/ingest/devices/${id}/readings`,
  };
}
