import { Alert } from "@mantine/core";
import { IconBluetoothOff } from "@tabler/icons-react";
import type { WhyNot } from "./web-bluetooth.ts";

const title: Readonly<Record<NonNullable<WhyNot>, string>> = {
  insecure: "This page was not loaded over https",
  "no-web-bluetooth": "This browser cannot reach Bluetooth devices",
  off: "Bluetooth is off, or there is none",
};

/** Why nothing can be measured here, and what to do instead. */
export function NoBluetooth({ why }: { readonly why: NonNullable<WhyNot> }) {
  return (
    <Alert variant="light" color="orange" icon={<IconBluetoothOff size={22} />} title={title[why]} mb="md">
      {why === "off" ? (
        <p style={{ margin: 0 }}>
          Switch Bluetooth on in the settings of this telephone or computer, and allow it for the browser. On a computer
          without Bluetooth, use a telephone.
        </p>
      ) : why === "insecure" ? (
        <p style={{ margin: 0 }}>
          Browsers let a page use Bluetooth only over https. Open this page by its address that begins with https://;
          the ward knows it.
        </p>
      ) : (
        <p style={{ margin: 0 }}>
          Open this page in <b>Chrome</b>, <b>Edge</b>, <b>Opera</b> or <b>Samsung Internet</b> on Android, or in Chrome
          or Edge on Windows, macOS or ChromeOS. Firefox and Safari cannot do it, and on an iPhone or iPad no browser of
          Apple&rsquo;s can.
        </p>
      )}
      <p style={{ margin: "0.5rem 0 0" }}>
        Without it: the ward can lend you a gateway, a small box that hears your devices by itself. Or tell the ward
        what your device shows.
      </p>
    </Alert>
  );
}
