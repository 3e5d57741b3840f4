import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core";
import {
  IconDeviceDesktop,
  IconFingerprint,
  IconLock,
  IconLogout,
  IconMoon,
  IconSun,
  IconUserCircle,
} from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ask } from "./api.ts";
import { sessionQuery } from "./hooks.ts";
import { tellLocked } from "./locked.ts";
import { monitor } from "./monitor.ts";
import { may, roleWord } from "./permissions.ts";

const schemes = [
  { value: "light", label: "Light", icon: IconSun },
  { value: "dark", label: "Dark", icon: IconMoon },
  { value: "auto", label: "As the system", icon: IconDeviceDesktop },
] as const;

/** Who is signed in, how it looks, and the way out. */
export function UserMenu() {
  const session = useQuery(sessionQuery).data;
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [isOpen, setOpen] = useState(false);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const signOut = useMutation({
    mutationFn: () => ask("signOut"),
    onSettled: () => {
      monitor.ward.watch(null);
      monitor.patient.watch(null);
      queries.clear();
      void navigate({ to: "/sign-in", search: {} });
    },
  });
  const lock = useMutation({
    mutationFn: () => ask("lockScreen"),
    onSuccess: () => tellLocked(true),
    // Where nothing could open it again: that is where one sets it up.
    onError: () =>
      void navigate({ to: session && !may(session.principal.role, "ward") ? "/mine/account" : "/account" }),
  });
  return (
    <Menu position="bottom-end" opened={isOpen} onChange={setOpen} withinPortal width={230}>
      <Menu.Target>
        <ActionIcon variant="default" size={34} aria-label="Account and appearance">
          <IconUserCircle size={21} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {session?.principal.display} · {session && roleWord[session.principal.role]}
          <br />
          {session?.organisation.name}
        </Menu.Label>
        <Menu.Divider />
        {schemes.map(({ value, label, icon: Icon }) => (
          <Menu.Item
            key={value}
            role="menuitemradio"
            aria-checked={colorScheme === value}
            leftSection={<Icon size={18} />}
            rightSection={colorScheme === value ? "✓" : null}
            onClick={() => setColorScheme(value)}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconFingerprint size={18} />}
          onClick={() =>
            void navigate({ to: session && !may(session.principal.role, "ward") ? "/mine/account" : "/account" })
          }
        >
          Passkeys and sign-in
        </Menu.Item>
        <Menu.Item leftSection={<IconLock size={18} />} onClick={() => lock.mutate()}>
          Lock this screen
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={18} />} onClick={() => signOut.mutate()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
