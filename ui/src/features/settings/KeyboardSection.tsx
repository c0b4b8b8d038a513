import { Kbd, Table } from "@mantine/core";
import { useAllActions } from "../../shared/state/actions";
import { shownHotkey } from "../../shared/ui/keys";
import classes from "./Settings.module.css";

/** What lists and panes understand wherever they stand; commands bring their own keys. */
const IN_LISTS: [keys: string[], what: string][] = [
  [["↑", "↓", "j", "k"], "Previous or next line"],
  [["Home", "End"], "First or last line"],
  [["Enter"], "Open the line"],
  [["Esc"], "Close the pane or the dialog"],
];

export function KeyboardSection() {
  const actions = useAllActions().filter((action) => action.hotkey !== undefined);
  return (
    <div className={classes.rows}>
      <Table aria-label="Keyboard shortcuts" borderColor="var(--hl-border)">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={180}>Keys</Table.Th>
            <Table.Th>What they do</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          <Row keys={[shownHotkey("mod+K")]} what="Open the command palette" />
          {actions.map(({ id, label, group, hotkey = "" }) => (
            <Row key={id} keys={[shownHotkey(hotkey)]} what={group === "Go to" ? `Go to ${label}` : label} />
          ))}
          <Row keys={[shownHotkey("mod+shift+L")]} what="Change between light and dark" />
          {IN_LISTS.map(([keys, what]) => (
            <Row key={what} keys={keys} what={what} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Row({ keys, what }: { keys: string[]; what: string }) {
  return (
    <Table.Tr>
      <Table.Td>
        {keys.map((key) => (
          <Kbd key={key} size="xs" mr={4}>
            {key}
          </Kbd>
        ))}
      </Table.Td>
      <Table.Td>{what}</Table.Td>
    </Table.Tr>
  );
}
