import { Button, Group } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./fleet.module.css";

/** From which to which, of how many, and on. */
export function Pages(props: {
  readonly page: number;
  readonly found: number;
  readonly size: number;
  readonly onPage: (page: number) => void;
  readonly children?: ReactNode;
}) {
  const { page, found, size, onPage } = props;
  const last = Math.max(0, Math.ceil(found / size) - 1);
  return (
    <div className={classes.pages}>
      <span role="status">
        {found === 0 ? "None" : `${page * size + 1} to ${Math.min(found, (page + 1) * size)} of ${found}`}
      </span>
      <Group gap="xs">
        {props.children}
        {last > 0 && (
          <>
            <Button size="xs" variant="default" disabled={page === 0} onClick={() => onPage(page - 1)}>
              Before
            </Button>
            <Button size="xs" variant="default" disabled={page >= last} onClick={() => onPage(page + 1)}>
              Next
            </Button>
          </>
        )}
      </Group>
    </div>
  );
}
