import { Button, Group } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { save } from "../parts/save.ts";
import { type Column, csvOf } from "./files.ts";

/** What is shown, as a file: for a spreadsheet, or whole with what was asked. */
export function SaveAs<T>(props: {
  readonly name: string;
  readonly asked: Readonly<Record<string, string | number | undefined>>;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
}) {
  const { name, asked, columns, rows } = props;
  const icon = <IconDownload size={16} />;
  return (
    <Group gap="xs">
      <Button
        size="xs"
        variant="default"
        leftSection={icon}
        onClick={() => save(`${name}.csv`, "text/csv", csvOf(columns, rows))}
      >
        Save as CSV
      </Button>
      <Button
        size="xs"
        variant="default"
        leftSection={icon}
        onClick={() => save(`${name}.json`, "application/json", `${JSON.stringify({ asked, found: rows }, null, 2)}\n`)}
      >
        Save as JSON
      </Button>
    </Group>
  );
}
