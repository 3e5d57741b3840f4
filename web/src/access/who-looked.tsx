import { Button, Group, Select, Table, TextInput } from "@mantine/core";
import { IconEye } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useNow } from "../app/hooks.ts";
import { Card, Empty, Failed, Loading } from "../app/pages.tsx";
import { formatTime, formatWhen } from "../parts/format.ts";
import { Rows } from "../parts/rows.tsx";
import { fromZonedInput } from "../parts/zoned-time.ts";
import { type Look, looksOf, peopleIn, whyText } from "./looks.ts";
import { useLooks } from "./use-looks.ts";

export interface WhoLookedProps {
  readonly patientId: string;
  readonly zone: string;
  /** On the patient's own pages: spoken to the patient. */
  readonly isOwn: boolean;
  readonly note?: ReactNode;
}

const DAY_MS = 86_400_000;

/** Who looked at a patient's data: what, when and why, by person and by day. */
export function WhoLooked({ patientId, zone, isOwn, note }: WhoLookedProps) {
  const [since, setSince] = useState("");
  const [until, setUntil] = useState("");
  const [agent, setAgent] = useState<string | null>(null);
  const [known, setKnown] = useState<readonly { readonly id: string; readonly name: string }[]>([]);
  const from = dayOf(since, zone);
  const to = dayOf(until, zone);
  const looks = useLooks({
    patientId,
    isOwn,
    from,
    to: to === undefined ? undefined : to + DAY_MS,
    agent: agent ?? undefined,
  });
  const entries = looks.data?.pages.flat() ?? [];
  // Somebody who was chosen stays in the choice, though the others are not in the answer now.
  const people = agent === null ? peopleIn(entries) : known;
  const lines = looksOf(entries);
  return (
    <>
      <Group align="end" gap="sm" mb="xs">
        <Select
          label="Who"
          placeholder="Everybody"
          data={people.map(({ id, name }) => ({ value: id, label: name }))}
          value={agent}
          onChange={(value) => {
            if (agent === null) setKnown(people);
            setAgent(value);
          }}
          clearable
          searchable
        />
        <TextInput
          type="date"
          label="From"
          value={since}
          onChange={(e) => setSince(e.currentTarget.value)}
          max={until || undefined}
        />
        <TextInput
          type="date"
          label="To"
          value={until}
          onChange={(e) => setUntil(e.currentTarget.value)}
          min={since || undefined}
        />
      </Group>
      <Card label="Who looked">
        {looks.isPending ? (
          <Loading what="Loading who looked" />
        ) : looks.isError && !looks.data ? (
          <Failed error={looks.error} retry={() => looks.refetch()} />
        ) : lines.length === 0 ? (
          <Empty title="Nobody looked" icon={<IconEye size={40} stroke={1.3} />}>
            {(agent !== null || since !== "" || until !== "") && <p>Choose other days, or everybody.</p>}
          </Empty>
        ) : (
          <Rows
            minWidth={620}
            head={
              <>
                <Table.Th>When</Table.Th>
                <Table.Th>Who did what</Table.Th>
                <Table.Th>Why they could</Table.Th>
              </>
            }
          >
            {lines.map((look) => (
              <Line key={look.id} look={look} zone={zone} isOwn={isOwn} />
            ))}
          </Rows>
        )}
      </Card>
      {looks.hasNextPage && (
        <Group justify="center" mb="md">
          <Button variant="default" loading={looks.isFetchingNextPage} onClick={() => void looks.fetchNextPage()}>
            Older
          </Button>
        </Group>
      )}
      {note}
    </>
  );
}

function Line({ look, zone, isOwn }: { readonly look: Look; readonly zone: string; readonly isOwn: boolean }) {
  const now = useNow();
  const { newest, first, last, times } = look;
  const isSpan = formatTime(first, zone) !== formatTime(last, zone);
  return (
    <Table.Tr>
      <Table.Td data-label="When" style={{ whiteSpace: "nowrap" }}>
        {formatWhen(first, now, zone)}
        {isSpan && ` to ${formatTime(last, zone)}`}
        {times > 1 && (
          <>
            <br />
            <small>{times} times</small>
          </>
        )}
      </Table.Td>
      <Table.Td data-lead>{isOwn ? newest.words : aboutThem(newest.words)}</Table.Td>
      <Table.Td data-label="Why they could">{whyText(newest) ?? "–"}</Table.Td>
    </Table.Tr>
  );
}

/** The server says it to the patient; on the ward it is said of them. */
export const aboutThem = (words: string): string =>
  words.replaceAll(/\byours?\b/g, "the patient's").replaceAll(/\byou\b/g, "the patient");

const dayOf = (text: string, zone: string): number | undefined =>
  text === "" ? undefined : (fromZonedInput(`${text}T00:00:00`, zone) ?? undefined);
