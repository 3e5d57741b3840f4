import type { StorageState } from "@openward/api";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Banner } from "./banner.tsx";

/** What is wrong with where readings are kept; nothing where nothing is. */
export function StorageBanner({ storage }: { readonly storage: StorageState }) {
  return (
    <>
      {storage === "recovering" && (
        <Banner kind="storage" label="Storage">
          <IconAlertTriangle size={18} aria-hidden /> <strong>Storage: reading back.</strong> The server has started.
          New readings and alarms work; what was measured before is not shown yet.
        </Banner>
      )}
      {storage === "spooling" && (
        <Banner kind="storage" label="Storage">
          <IconAlertTriangle size={18} aria-hidden /> <strong>Storage: spooling.</strong> The database does not answer.
          Readings are kept on the local spool; alarms work. Call the technician.
        </Banner>
      )}
      {storage === "damaged" && (
        <Banner kind="storage" label="Storage">
          <IconAlertTriangle size={18} aria-hidden /> <strong>Storage: damaged.</strong> Some older readings cannot be
          shown. New readings and alarms are not affected. Call the technician.
        </Banner>
      )}
      {storage === "low" && (
        <Banner kind="storage" label="Storage">
          <IconAlertTriangle size={18} aria-hidden /> <strong>Storage: little room left.</strong> Readings are kept and
          alarms work. Call the technician today.
        </Banner>
      )}
      {storage === "full" && (
        <Banner kind="storage" label="Storage">
          <IconAlertTriangle size={18} aria-hidden /> <strong>Storage: disk full.</strong> New readings are shown but
          not kept. Alarms work. Call the technician now.
        </Banner>
      )}
      {storage === "failed" && (
        <Banner kind="storage" label="Storage">
          <IconAlertTriangle size={18} aria-hidden /> <strong>Storage: failed.</strong> New readings are not being kept.
          Alarms work. Call the technician now.
        </Banner>
      )}
    </>
  );
}
