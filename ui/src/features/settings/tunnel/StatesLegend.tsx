import { Table } from "@mantine/core";
import { TUNNEL_MEANINGS, TUNNEL_STATES, TUNNEL_TONES, TUNNEL_WORDS } from "../../../shared/tunnel/state";
import { Status } from "../../../shared/ui/Status";
import classes from "../Settings.module.css";

/** What each state means. */
export function StatesLegend() {
  return (
    <div className={classes.rows}>
      <Table aria-label="States of the tunnel" borderColor="var(--hl-border)">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={140}>State</Table.Th>
            <Table.Th>What it means</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {TUNNEL_STATES.map((state) => (
            <Table.Tr key={state}>
              <Table.Td>
                <Status tone={TUNNEL_TONES[state]}>{TUNNEL_WORDS[state]}</Status>
              </Table.Td>
              <Table.Td>{TUNNEL_MEANINGS[state]}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
