import type { AlarmBody } from "@openward/api";
import { IconCheck } from "@tabler/icons-react";
import { useMay } from "../app/hooks.ts";
import { useWall } from "../kiosk/wall.ts";
import { formatDuration } from "../parts/format.ts";
import classes from "./alarms.module.css";
import { priorityMark, priorityWord } from "./priority.ts";
import { alarmFate, alarmText, answerLabel, answerWord } from "./text.ts";
import { useAcknowledge } from "./use-acknowledge.ts";

export interface AlarmBarProps {
  readonly alarm: AlarmBody;
  /** How many alarms of this patient are not shown here. */
  readonly more?: number;
  readonly now: number;
  readonly zone: string;
  /** For the button's name: "Bed 4". */
  readonly whose: string;
}

/** One alarm: mark, word, what is wrong, since when, and the answer. */
export function AlarmBar({ alarm, more = 0, now, zone, whose }: AlarmBarProps) {
  const wall = useWall();
  const isAnswered = alarm.state === "acknowledged";
  const text = alarmText(alarm, zone);
  const fate = alarmFate(alarm, zone);
  const word = answerWord(alarm, true);
  const label = `${answerLabel(alarm, zone)}, ${whose}`;
  return (
    <div
      className={classes.bar}
      data-priority={alarm.priority}
      data-answered={isAnswered || undefined}
      data-alarm={alarm.id}
    >
      <span className={classes.word}>
        <span aria-hidden>{isAnswered ? "✓" : priorityMark[alarm.priority]}</span>
        {priorityWord[alarm.priority]}
      </span>
      <span className={classes.text} title={fate ? `${text} · ${fate}` : text}>
        {text}
        {fate && <span style={{ fontWeight: 450 }}> · {fate}</span>}
      </span>
      {more > 0 && (
        <span className={classes.more} title={`${more} more alarms of this patient`}>
          +{more}
          <span className="visually-hidden"> more</span>
        </span>
      )}
      <span className={classes.age} title="Since it was raised">
        {formatDuration(now - alarm.raisedAt)}
      </span>
      {!isAnswered &&
        (wall ? (
          <Answer word={word} label={label} isPending={false} onAnswer={() => wall.answer(alarm)} />
        ) : (
          <OwnAnswer alarm={alarm} word={word} label={label} />
        ))}
    </div>
  );
}

/** Of who is signed in. */
function OwnAnswer(props: { readonly alarm: AlarmBody; readonly word: string; readonly label: string }) {
  const { alarm, word, label } = props;
  const acknowledge = useAcknowledge();
  const mayAnswer = useMay("clinical");
  if (!mayAnswer) return null;
  return (
    <Answer word={word} label={label} isPending={acknowledge.isPending} onAnswer={() => acknowledge.mutate(alarm)} />
  );
}

function Answer(props: {
  readonly word: string;
  readonly label: string;
  readonly isPending: boolean;
  readonly onAnswer: () => void;
}) {
  return (
    <button
      type="button"
      className={classes.acknowledge}
      disabled={props.isPending}
      aria-label={props.label}
      onClick={props.onAnswer}
    >
      <IconCheck size={16} stroke={2.6} aria-hidden />
      {props.word}
    </button>
  );
}
