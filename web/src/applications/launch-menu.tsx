import { Button, Group, Menu, Modal, Stack } from "@mantine/core";
import type { LaunchableBody, PatientBody } from "@openward/api";
import { IconApps, IconExternalLink } from "@tabler/icons-react";
import { useState } from "react";
import { useNow } from "../app/hooks.ts";
import { Identity } from "../parts/identity.tsx";
import { Problem } from "../parts/problem.tsx";
import { useLaunch, useLaunchable } from "./use-applications.ts";

/** Opens an application of another maker for this patient; not there where none can be opened. */
export function LaunchMenu({ patient }: { readonly patient: PatientBody }) {
  const launchable = useLaunchable().data ?? [];
  const [opening, setOpening] = useState<LaunchableBody | null>(null);
  const launch = useLaunch();
  if (launchable.length === 0) return null;
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button variant="default" leftSection={<IconApps size={18} />}>
            Applications
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {launchable.map((one) => (
            <Menu.Item
              key={one.id}
              onClick={() => {
                setOpening(one);
                launch.mutate({ clientId: one.id, patientId: patient.id });
              }}
            >
              {one.name}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {opening && (
        <Opening
          one={opening}
          patient={patient}
          url={launch.data?.url}
          error={launch.error}
          onClose={() => setOpening(null)}
        />
      )}
    </>
  );
}

function Opening(props: {
  readonly one: LaunchableBody;
  readonly patient: PatientBody;
  readonly url: string | undefined;
  readonly error: unknown;
  readonly onClose: () => void;
}) {
  const { one, patient, url, error, onClose } = props;
  const now = useNow();
  return (
    <Modal opened onClose={onClose} title={`Open ${one.name}`}>
      <Stack>
        <div>
          For <b>{patient.name}</b>
          <br />
          <Identity patient={patient} now={now} />
        </div>
        <p style={{ margin: 0 }}>
          It is another maker&rsquo;s and opens in another tab. You are asked there what it may read; this page goes on
          watching.
        </p>
        <Problem error={error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          {/* A link, so that no browser takes it for a window that nobody asked for. It is good once. */}
          <Button
            component="a"
            href={url}
            target="_blank"
            rel="noopener noreferrer"
            leftSection={<IconExternalLink size={18} />}
            loading={url === undefined && !error}
            disabled={url === undefined}
            onClick={onClose}
          >
            Open {one.name}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
