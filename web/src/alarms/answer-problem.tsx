import { CloseButton } from "@mantine/core";
import { useSyncExternalStore } from "react";
import classes from "./alarms.module.css";
import { answerProblem } from "./refused-answer.ts";

/** An answer to an alarm that did not reach it, said where nobody can miss it, until somebody has read it. */
export function AnswerProblem() {
  const text = useSyncExternalStore(answerProblem.subscribe, answerProblem.text);
  return (
    <div role="alert" aria-label="Answer to an alarm">
      {text !== null && (
        <p className={classes.answerProblem}>
          <span>
            <b>NOT ACKNOWLEDGED.</b> {text}
          </span>
          <CloseButton
            aria-label="I have read this"
            onClick={() => answerProblem.clear()}
            variant="transparent"
            c="inherit"
          />
        </p>
      )}
    </div>
  );
}
