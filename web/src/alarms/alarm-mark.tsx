import classes from "./alarms.module.css";
import { type Priority, priorityMark, priorityWord } from "./priority.ts";

/** Priority by colour, mark and word. */
export function AlarmMark(props: {
  readonly priority: Priority;
  readonly isAnswered?: boolean;
  readonly word?: boolean;
}) {
  const { priority, isAnswered = false, word = true } = props;
  return (
    <span className={classes.mark} data-priority={priority} data-answered={isAnswered || undefined}>
      <span aria-hidden>{priorityMark[priority]}</span>
      {word ? <span>{priorityWord[priority]}</span> : <span className="visually-hidden">{priorityWord[priority]}</span>}
    </span>
  );
}
