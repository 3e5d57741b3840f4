import { Table } from "@mantine/core";
import type { CSSProperties, ReactNode } from "react";
import classes from "./rows.module.css";

export interface RowsProps {
  /** Below this the table scrolls sideways, in pixels. */
  readonly minWidth: number;
  /** "wide": a card for each row on everything narrower than a desk's screen; else on a phone only. */
  readonly cards?: "phone" | "wide";
  readonly head: ReactNode;
  readonly children: ReactNode;
}

/**
 * A table; on a narrow screen each row becomes a card, so that nothing lies out of sight. A cell says with
 * `data-label` what it is, with `data-lead` that it takes the whole width, with `data-do` that it holds the buttons.
 */
export function Rows({ minWidth, cards = "phone", head, children }: RowsProps) {
  return (
    <div className={classes.room} data-cards={cards}>
      <Table className={classes.table ?? ""} style={{ "--rows-min": `${minWidth}px` } as CSSProperties}>
        <Table.Thead>
          <Table.Tr>{head}</Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </div>
  );
}
