import { Modal } from "@mantine/core";
import type { CompletenessDayBody } from "@openward/api";
import { findSignal } from "@openward/signals";
import { Empty, Failed, Loading } from "../app/pages.tsx";
import { formatDuration, formatTime } from "../parts/format.ts";
import { SaveAs } from "../privacy/save-as.tsx";
import classes from "./fleet.module.css";
import { useCompletenessDay } from "./use-fleet.ts";
import { causeWord, percentOf, proofText } from "./words.ts";

type StreamBody = CompletenessDayBody["streams"][number];

/** A day, signal by signal: what is missing, when, why, and what that is read from. */
export function DayDialog(props: {
  readonly of: { readonly patientId: string } | { readonly deviceId: string };
  readonly title: string;
  readonly day: string;
  readonly onClose: () => void;
}) {
  const { of, title, day, onClose } = props;
  const found = useCompletenessDay(of, day);
  const zone = found.data?.timeZone ?? "UTC";
  const timeOf = (at: number) => formatTime(at, zone);
  const streams = found.data?.streams ?? [];
  const rows = streams.flatMap((stream) => stream.gaps.map((gap) => ({ stream, gap })));
  return (
    <Modal opened onClose={onClose} title={`${title}, ${day}`} size="xl">
      {found.isPending ? (
        <Loading what="Loading the day" />
      ) : found.isError ? (
        <Failed error={found.error} retry={() => found.refetch()} />
      ) : streams.length === 0 ? (
        <Empty title="Nothing was expected on this day" />
      ) : (
        <>
          {streams.map((stream) => (
            <Stream
              key={`${stream.deviceId} ${stream.patientId} ${stream.signal}`}
              stream={stream}
              day={found.data}
              timeOf={timeOf}
            />
          ))}
          <SaveAs
            name={`completeness-${day}`}
            asked={{ day, ...of }}
            rows={rows}
            columns={[
              ["device", ({ stream }) => stream.deviceId],
              ["signal", ({ stream }) => stream.signal],
              ["from", ({ gap }) => new Date(gap.from).toISOString()],
              ["to", ({ gap }) => new Date(gap.to).toISOString()],
              ["missing", ({ gap }) => gap.missing],
              ["cause", ({ gap }) => gap.cause],
              ["read from", ({ gap }) => gap.proofs.map((proof) => proofText(proof, timeOf)).join(" ")],
            ]}
          />
        </>
      )}
    </Modal>
  );
}

function Stream(props: {
  readonly stream: StreamBody;
  readonly day: CompletenessDayBody;
  readonly timeOf: (at: number) => string;
}) {
  const { stream, day, timeOf } = props;
  const { gaps, expected, received, late, signal, deviceDisplay } = stream;
  const name = findSignal(signal)?.display ?? signal;
  const percent = (at: number) => `${(100 * (at - day.from)) / (day.to - day.from)}%`;
  return (
    <section aria-label={`${name}, ${deviceDisplay}`}>
      <h3 style={{ margin: "0.3rem 0 0", fontSize: "1rem" }}>
        {name} <small style={{ color: "var(--ow-ink-soft)", fontWeight: 400 }}>{deviceDisplay}</small>
      </h3>
      <p style={{ margin: 0 }}>
        {percentOf(stream)} %: {received} of {expected}
        {late !== null && late > 0 && `, ${late} of them late`}
      </p>
      <div className={classes.track} aria-hidden>
        {gaps.map((gap) => (
          <span
            key={gap.from}
            className={classes.hole}
            style={{ insetInlineStart: percent(gap.from), width: `calc(${percent(gap.to)} - ${percent(gap.from)})` }}
          >
            {causeWord[gap.cause].letter}
          </span>
        ))}
      </div>
      <div className={classes.hours} aria-hidden>
        {[0, 6, 12, 18, 24].map((hour) => (
          <span key={hour}>{String(hour).padStart(2, "0")}</span>
        ))}
      </div>
      {gaps.length === 0 ? (
        <p style={{ margin: "0 0 1rem", color: "var(--ow-ink-soft)" }}>No gap.</p>
      ) : (
        <ul className={classes.gaps}>
          {gaps.map((gap) => (
            <li key={gap.from}>
              <b>
                {timeOf(gap.from)} to {timeOf(gap.to)}
              </b>{" "}
              ({formatDuration(gap.to - gap.from)}, {gap.missing} missing): <b>{causeWord[gap.cause].word}</b>
              <small>
                {gap.proofs.length === 0
                  ? "Nothing is known that would tell why."
                  : gap.proofs.map((proof) => proofText(proof, timeOf)).join(" ")}
              </small>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
