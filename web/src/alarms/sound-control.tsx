import { Menu } from "@mantine/core";
import { IconBell, IconBellOff, IconBellPause, IconPlayerPlay, IconVolume } from "@tabler/icons-react";
import { useSyncExternalStore } from "react";
import { useNow } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";
import { formatCountdown } from "../parts/format.ts";
import classes from "./alarms.module.css";

/** The state of the alarm sound in words, and what can be done with it. It can be paused, never switched off. */
export function SoundControl() {
  const { sound } = monitor;
  const { state, pausedUntil } = useSyncExternalStore(sound.subscribe, sound.state);
  useNow();

  if (state === "off") {
    return (
      <button type="button" className={classes.sound} data-state="off" onClick={() => void sound.turnOn()}>
        <IconBellOff size={19} stroke={2} aria-hidden />
        SOUND OFF
        <span className="visually-hidden">: turn sound on</span>
      </button>
    );
  }
  if (state === "paused" && pausedUntil !== null) {
    return (
      <button type="button" className={classes.sound} data-state="paused" onClick={() => sound.resume()}>
        <IconBellPause size={19} stroke={2} aria-hidden />
        Audio paused {formatCountdown(pausedUntil - Date.now())}
        <span className="visually-hidden">: sound again now</span>
      </button>
    );
  }
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <button type="button" className={classes.sound} data-state="on" aria-label="Sound on">
          <IconBell size={19} stroke={2} aria-hidden />
          <span data-hide-narrow>Sound on</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconBellPause size={18} />} onClick={() => sound.pause()}>
          Pause audio for 2 minutes
        </Menu.Item>
        <Menu.Item leftSection={<IconVolume size={18} />} onClick={() => sound.test()}>
          Test sound
        </Menu.Item>
        <Menu.Label>
          <IconPlayerPlay size={12} aria-hidden /> A new high alarm ends the pause
        </Menu.Label>
      </Menu.Dropdown>
    </Menu>
  );
}
