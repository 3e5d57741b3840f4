import { RefusedInput } from "@openward/errors";
import { type Device, NOTHING_REGISTERED } from "@openward/model";
import type { PortalDeps } from "../portal.ts";
import type { Held } from "./held.ts";

/** Devices, their gateways and their types, in a few lines. */
export function devicesOf({
  now,
  devices,
  charges,
  gatewayVersions,
  gatewayReports,
  asked,
  need,
  worn,
}: Held): Pick<PortalDeps, "gateways" | "devices" | "certify" | "devicesNow" | "deviceTypes"> {
  return {
    gateways: {
      settingsOf: async (_, id) => gatewayVersions.get(id)?.[0],
      async configure(_, id, settings, seen, by, { changed, restores = null }) {
        const before = gatewayVersions.get(id) ?? [];
        if ((before[0]?.revision ?? 0) !== seen) throw new RefusedInput("CONFLICT");
        asked.push(["configure", changed, restores]);
        const version = {
          settings,
          revision: seen + 1,
          setBy: by,
          setAt: now(),
          restores,
          takenUpAt: null,
          refused: [],
        };
        gatewayVersions.set(id, [version, ...before]);
      },
      versionsOf: async (_, id) => gatewayVersions.get(id) ?? [],
      versionOf: async (_, id, revision) => gatewayVersions.get(id)?.find((one) => one.revision === revision),
      reportOf: async (_, id) => gatewayReports.get(id),
      configuration: async () => ({ version: "1-abc" }),
    },
    devices: {
      list: async () => [...devices.values()],
      find: async (_, deviceId) => devices.get(deviceId),
      displays: async (_, deviceIds) =>
        new Map(deviceIds.flatMap((id) => devices.get(id)?.device ?? []).map(({ id, display }) => [id, display])),
      async create(organisationId, given) {
        const device: Device = {
          ...given,
          id: given.id ?? "made-1",
          organisationId,
          createdAt: now(),
          revokedAt: null,
        };
        devices.set(device.id, {
          device,
          status: null,
          lastSeenAt: null,
          clockOffsetMs: null,
          clock: null,
          association: null,
          openQuarantine: 0,
          certificateEndsAt: null,
          registration: NOTHING_REGISTERED,
          facts: [],
          commands: null,
        });
        return { device, token: "secret-token" };
      },
      async rotateToken(_organisationId, deviceId, _by, options) {
        asked.push(["rotate token", deviceId, options]);
        return "another-token";
      },
      async addCertificate(_organisationId, deviceId, { hash, expiresAt }, _by, options) {
        asked.push(["add certificate", deviceId, [...hash], expiresAt, options]);
      },
      // The real ones, on the real database: server/store/registry.
      credentials: async () => [],
      revokeCredential: async () => {
        throw new RefusedInput("NOT_FOUND", { at: "credential" });
      },
      newClaim: async (_organisationId, _deviceId, validMs) => ({ code: "AAAA-BBBB-CCCC", expiresAt: now() + validMs }),
      async takeCharge(_organisationId, gatewayId, deviceId) {
        asked.push(["take charge", gatewayId, deviceId]);
        charges.push({ gatewayId, deviceId });
      },
      endCharge: async () => {
        throw new RefusedInput("NOT_FOUND", { at: "device" });
      },
      inCharge: async (_, gatewayId) =>
        charges.filter((one) => one.gatewayId === gatewayId).map(({ deviceId }) => deviceId),
      async describe(_, deviceId, { type, display, manufacturer, model, serial, ...registration }) {
        const record = need(devices, deviceId);
        const device = { ...record.device, type, display, manufacturer, model, serial };
        devices.set(deviceId, { ...record, device, registration });
      },
      async revoke(_, deviceId) {
        const record = need(devices, deviceId);
        const device = { ...record.device, revokedAt: now() };
        devices.set(deviceId, { ...record, device });
        return device;
      },
      async assign(_, deviceId, patientId, from) {
        asked.push(["assign", deviceId, patientId, from]);
        const association = worn(deviceId, patientId, from);
        devices.set(deviceId, { ...need(devices, deviceId), association });
        return association;
      },
      async release(_, deviceId) {
        devices.set(deviceId, { ...need(devices, deviceId), association: null });
      },
    },
    certify: async (deviceId, { csr, days }) => {
      asked.push(["certify", deviceId, csr, days]);
      const expiresAt = now() + days * 86_400_000;
      return { cert: "CERT", key: csr === null ? "KEY" : null, hash: new Uint8Array([1]), expiresAt, authority: "CA" };
    },
    devicesNow: {
      decideClock: async (_organisationId, decision) => void asked.push(["decide clock", decision]),
      isConnected: (deviceId) => deviceId === "oximeter-1",
      hasTwin: () => false,
      lastSeenAt: (deviceId) => (deviceId === "oximeter-1" ? now() - 1_000 : undefined),
      patientOf: (deviceId) => devices.get(deviceId)?.association?.patientId,
    },
    deviceTypes: [
      { key: "generic", display: "Device", signals: [] },
      { key: "pulse-oximeter", display: "Pulse oximeter", signals: [{ signal: "spo2", intervalMs: 1_000 }] },
    ],
  };
}
