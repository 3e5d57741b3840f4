import { ActionIcon, Alert, Badge, Button, Menu, Table } from "@mantine/core";
import type { FeedBody, FeedWithSecretBody } from "@openward/api";
import { IconDots } from "@tabler/icons-react";
import { useState } from "react";
import { Section } from "../administration/section.tsx";
import { useNow } from "../app/hooks.ts";
import { Failed, Loading } from "../app/pages.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { formatWhen } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { Rows } from "../parts/rows.tsx";
import { FeedDialog } from "./feed-dialog.tsx";
import { FeedShown } from "./feed-shown.tsx";
import { stateWords, wayWord, whatWords } from "./feed-words.ts";
import { useChangeFeed, useFeeds, usePingFeed, useReplayFeed, useRotateFeed, type Whose } from "./use-feeds.ts";

const DAY_MS = 86_400_000;

/** Where data goes as it happens: to whom, what of, and how that goes. */
export function FeedsSection({
  whose,
  title,
  zone,
}: {
  readonly whose: Whose;
  readonly title: string;
  readonly zone: string;
}) {
  const feeds = useFeeds(whose);
  const change = useChangeFeed(whose);
  const rotate = useRotateFeed(whose);
  const ping = usePingFeed(whose);
  const replay = useReplayFeed(whose);
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<FeedWithSecretBody | null>(null);
  const [ending, setEnding] = useState<FeedBody | null>(null);
  const [pinged, setPinged] = useState<{ readonly name: string; readonly error: string | null } | null>(null);
  const acts = {
    pause: (one: FeedBody) =>
      change.mutate({ feedId: one.id, deed: one.state === "running" || one.state === "failing" ? "pause" : "resume" }),
    ping: (one: FeedBody) => ping.mutate(one.id, { onSuccess: ({ error }) => setPinged({ name: one.name, error }) }),
    rotate: (one: FeedBody) => rotate.mutate({ feedId: one.id }, { onSuccess: setMade }),
    replay: (one: FeedBody) => replay.mutate({ feedId: one.id, from: Date.now() - DAY_MS }),
    end: setEnding,
  };
  return (
    <Section
      title={title}
      action={
        <Button size="xs" variant="default" onClick={() => setAdding(true)}>
          Send it on
        </Button>
      }
    >
      {pinged && (
        <Alert
          variant="light"
          color={pinged.error === null ? "green" : "red"}
          withCloseButton
          onClose={() => setPinged(null)}
          title={pinged.error === null ? `${pinged.name} took the test message` : `${pinged.name}: ${pinged.error}`}
        />
      )}
      <Problem error={change.error ?? rotate.error ?? ping.error ?? replay.error} />
      {feeds.isPending ? (
        <Loading what="Loading where data goes" />
      ) : feeds.isError ? (
        <Failed error={feeds.error} retry={() => feeds.refetch()} />
      ) : feeds.data.feeds.length === 0 ? (
        <p style={{ margin: "0.8rem 0.6rem" }}>
          Nowhere. What is measured can be sent to an address, read over MQTT, or appear in Home Assistant.
        </p>
      ) : (
        <Rows
          minWidth={560}
          head={
            <>
              <Table.Th>To</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th>Last taken</Table.Th>
              <Table.Th>Sent</Table.Th>
              <Table.Th aria-label="Actions" />
            </>
          }
        >
          {feeds.data.feeds.map((one) => (
            <Row key={one.id} one={one} zone={zone} acts={acts} />
          ))}
        </Rows>
      )}
      {isAdding && (
        <FeedDialog
          whose={whose}
          onClose={() => setAdding(false)}
          onDone={(done) => {
            setAdding(false);
            setMade(done);
          }}
        />
      )}
      {made && <FeedShown made={made} mqtt={feeds.data?.mqtt} onClose={() => setMade(null)} />}
      <Confirm
        isOpen={ending !== null}
        onClose={() => setEnding(null)}
        title={`Stop sending to ${ending?.name ?? "it"}`}
        action="Stop sending"
        isDangerous
        isPending={change.isPending}
        error={change.error}
        onConfirm={() =>
          ending && change.mutate({ feedId: ending.id, deed: "end" }, { onSuccess: () => setEnding(null) })
        }
      >
        <b>{ending?.name}</b> gets nothing more. What it has got until now is with whoever runs it.
      </Confirm>
    </Section>
  );
}

interface Acts {
  pause(one: FeedBody): void;
  ping(one: FeedBody): void;
  rotate(one: FeedBody): void;
  replay(one: FeedBody): void;
  end(one: FeedBody): void;
}

function Row({ one, zone, acts }: { readonly one: FeedBody; readonly zone: string; readonly acts: Acts }) {
  const now = useNow();
  const { word, isBad, line } = stateWords(one);
  const isPaused = one.state === "paused" || one.state === "gave-up";
  return (
    <Table.Tr>
      <Table.Td data-lead>
        <b>{one.name}</b>
        <br />
        <small>
          {wayWord[one.way]}
          {one.url !== null && ` (${new URL(one.url).host})`}: {whatWords(one)}
          {one.homeAssistant && ", for Home Assistant"}
          {!one.isMine && `, in the name of ${one.owner}`}
        </small>
      </Table.Td>
      <Table.Td data-label="State">
        <Badge color={isBad ? "red" : "gray"} variant={isBad ? "filled" : "light"}>
          {word}
        </Badge>
        <br />
        <small>{line}</small>
      </Table.Td>
      <Table.Td data-label="Last taken">
        {one.lastSuccessAt === null ? "not yet" : formatWhen(one.lastSuccessAt, now, zone)}
        {isBad && one.lastErrorAt !== null && (
          <>
            <br />
            <small>failed {formatWhen(one.lastErrorAt, now, zone)}</small>
          </>
        )}
      </Table.Td>
      <Table.Td data-label="Sent">{one.delivered}</Table.Td>
      <Table.Td data-do align="right">
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" aria-label={`What to do with ${one.name}`}>
              <IconDots size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => acts.pause(one)}>{isPaused ? "Send again" : "Pause"}</Menu.Item>
            <Menu.Item onClick={() => acts.ping(one)}>Send a test message</Menu.Item>
            <Menu.Item onClick={() => acts.replay(one)}>Send the last day again</Menu.Item>
            {one.way !== "broker" && one.isMine && <Menu.Item onClick={() => acts.rotate(one)}>New secret</Menu.Item>}
            <Menu.Item color="red" onClick={() => acts.end(one)}>
              Stop sending
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Table.Td>
    </Table.Tr>
  );
}
