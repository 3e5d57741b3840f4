import { Button, Checkbox, Group, Modal, NativeSelect, Radio, Stack, Table, TextInput } from "@mantine/core";
import type { KioskBody, KioskCodeBody } from "@openward/api";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ask, type Body } from "../app/api.ts";
import { useNow, useWards } from "../app/hooks.ts";
import { Failed, Loading } from "../app/pages.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { CopyLine } from "../parts/copy-line.tsx";
import { formatWhen } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { Rows } from "../parts/rows.tsx";
import { Section } from "./section.tsx";

const KEY = ["kiosks"];

function useKioskMutation<V, A>(mutationFn: (asked: V) => Promise<A>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn, onSettled: () => queries.invalidateQueries({ queryKey: KEY }) });
}

/** Screens on the walls of wards: which there are, which browser has each, and the code for a new one. */
export function ScreensSection({ zone }: { readonly zone: string }) {
  const kiosks = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask("kiosks", { signal }),
    refetchInterval: 30_000,
  });
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<KioskCodeBody | null>(null);
  const [ending, setEnding] = useState<KioskBody | null>(null);
  const newCode = useKioskMutation((id: string) => ask("newKioskCode", { params: { id } }));
  const wards = useWards().data ?? [];
  const now = useNow();
  return (
    <Section
      title="Screens"
      action={
        <Button size="sm" leftSection={<IconPlus size={17} />} onClick={() => setAdding(true)}>
          Add screen
        </Button>
      }
    >
      <Problem error={newCode.error} />
      {kiosks.isPending ? (
        <Loading what="Loading screens" />
      ) : kiosks.isError ? (
        <Failed error={kiosks.error} retry={() => kiosks.refetch()} />
      ) : kiosks.data.length === 0 ? (
        <p style={{ margin: 0, padding: "0.9rem 1rem" }}>
          No screen hangs on a wall. One shows a ward without anybody signed in; answering an alarm there asks who it
          is.
        </p>
      ) : (
        <Rows
          minWidth={560}
          head={
            <>
              <Table.Th>Name</Table.Th>
              <Table.Th>Ward</Table.Th>
              <Table.Th>Shows</Table.Th>
              <Table.Th>Browser</Table.Th>
              <Table.Th>Last seen</Table.Th>
              <Table.Th aria-label="Actions" />
            </>
          }
        >
          {kiosks.data.map((kiosk) => (
            <Table.Tr key={kiosk.id}>
              <Table.Td data-lead>
                <b>{kiosk.name}</b>
              </Table.Td>
              <Table.Td data-label="Ward">{wards.find(({ id }) => id === kiosk.wardId)?.name ?? "–"}</Table.Td>
              <Table.Td data-label="Shows">
                {kiosk.shows === "initials" ? "Initials" : "Record number"}
                {kiosk.takesBadges && ", takes badges alone"}
              </Table.Td>
              <Table.Td data-label="Browser">{kiosk.browser ?? "None yet"}</Table.Td>
              <Table.Td data-label="Last seen">
                {kiosk.seenAt === null ? "Never" : formatWhen(kiosk.seenAt, now, zone)}
              </Table.Td>
              <Table.Td data-do align="right">
                <Group gap="xs" justify="flex-end" wrap="nowrap">
                  <Button
                    size="xs"
                    variant="default"
                    loading={newCode.isPending && newCode.variables === kiosk.id}
                    onClick={() => newCode.mutate(kiosk.id, { onSuccess: setMade })}
                    aria-label={`New code for ${kiosk.name}`}
                  >
                    New code
                  </Button>
                  <Button size="xs" variant="default" onClick={() => setEnding(kiosk)} aria-label={`End ${kiosk.name}`}>
                    End
                  </Button>
                </Group>
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
      {isAdding && (
        <AddScreen
          onClose={() => setAdding(false)}
          onAdded={(added) => {
            setAdding(false);
            setMade(added);
          }}
        />
      )}
      {made && <CodeShown made={made} zone={zone} onClose={() => setMade(null)} />}
      {ending && <EndScreen kiosk={ending} onClose={() => setEnding(null)} />}
    </Section>
  );
}

function AddScreen(props: { readonly onClose: () => void; readonly onAdded: (made: KioskCodeBody) => void }) {
  const wards = useWards().data ?? [];
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const [shows, setShows] = useState<KioskBody["shows"]>("initials");
  const [takesBadges, setTakesBadges] = useState(false);
  const add = useKioskMutation((body: Body<"addKiosk">) => ask("addKiosk", { body }));
  const wardId = chosen ?? wards[0]?.id;
  return (
    <Modal opened onClose={props.onClose} title="Add screen">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() && wardId)
            add.mutate({ name: name.trim(), wardId, shows, takesBadges }, { onSuccess: props.onAdded });
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Name"
            description="Where it hangs, as it stands in the log"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={60}
            required
            data-autofocus
          />
          <NativeSelect
            label="Ward"
            value={wardId ?? ""}
            data={wards.map((ward) => ({ value: ward.id, label: ward.name }))}
            onChange={(event) => setChosen(event.currentTarget.value)}
          />
          <Radio.Group
            label="Patients are shown by"
            description="Whoever walks by reads it: no name, birth date or sex is on it"
            value={shows}
            onChange={(value) => setShows(value as KioskBody["shows"])} // one of the two below
          >
            <Stack gap={6} mt={6}>
              <Radio value="initials" label="Bed, record number and initials" />
              <Radio value="number" label="Bed and record number" />
            </Stack>
          </Radio.Group>
          <Checkbox
            label="A badge alone answers an alarm"
            description="Without it a badge wants the PIN as well. A badge that was found or copied answers alarms here."
            checked={takesBadges}
            onChange={(event) => setTakesBadges(event.currentTarget.checked)}
          />
          <Problem error={add.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={props.onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={add.isPending} disabled={!name.trim() || !wardId}>
              Add screen
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** The one moment at which the code can be read. */
function CodeShown(props: { readonly made: KioskCodeBody; readonly zone: string; readonly onClose: () => void }) {
  const { kiosk, code, link, picture, codeUntil } = props.made;
  const now = useNow();
  return (
    <Modal opened onClose={props.onClose} title={`Code for ${kiosk.name}`} size="lg" closeOnClickOutside={false}>
      <Stack>
        <p style={{ margin: 0 }}>
          At the screen, open <b>{new URL(link).origin}/kiosk</b> and type the code, or open the link there. It works
          once, until {formatWhen(codeUntil, now, props.zone)}; the browser that uses it takes the place of the one
          before.
        </p>
        <output aria-label="Code" style={{ fontSize: "2rem", fontWeight: 700, letterSpacing: "0.06em" }}>
          {code}
        </output>
        <CopyLine label="Link" text={link} />
        <img src={picture} alt="QR code of the link" width={180} height={180} style={{ background: "#fff" }} />
        <Group justify="flex-end">
          <Button onClick={props.onClose}>Done</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function EndScreen({ kiosk, onClose }: { readonly kiosk: KioskBody; readonly onClose: () => void }) {
  const end = useKioskMutation((id: string) => ask("endKiosk", { params: { id } }));
  return (
    <Confirm
      isOpen
      onClose={onClose}
      title="End screen"
      action="End screen"
      isDangerous
      isPending={end.isPending}
      error={end.error}
      onConfirm={() => end.mutate(kiosk.id, { onSuccess: onClose })}
    >
      <b>{kiosk.name}</b> shows nobody any more at once, and says NOT MONITORING. What was answered there stays
      recorded.
    </Confirm>
  );
}
