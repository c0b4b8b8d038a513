import { Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { type ChartRange, rangeFacts } from "../../shared/charts/ranges";
import { formatCount } from "../../shared/format/numbers";
import { useCalmRefresh } from "../../shared/state/calmRefresh";
import { TextLink } from "../../shared/ui/links";
import { Failed, LoadingRows } from "../../shared/ui/States";
import classes from "./OverviewTab.module.css";
import { typesQuery } from "./queries";

/** Counting types may read a million rows. */
const CALM_MS = 15_000;

/** Which types came how often, within the charts' range. */
export function TypeTable({ jobId, range }: { jobId: string; range: ChartRange }) {
  const heading = useId();
  const query = typesQuery(jobId, range);
  const { data, error, isPending, refetch } = useQuery(query);
  useCalmRefresh(query.queryKey, CALM_MS, jobId);
  const { words } = rangeFacts[range];
  return (
    <section className={classes.panel} aria-labelledby={heading}>
      <div className={classes.panelHead}>
        <Title order={3} id={heading}>
          By type
        </Title>
        <Text size="xs" c="dimmed">
          {data?.sampled ? `in ${words}, counted over the newest events` : `in ${words}`}
        </Text>
      </div>
      {isPending ? (
        <LoadingRows rows={4} />
      ) : !data ? (
        <Failed title="The types could not be counted" error={error} onRetry={() => void refetch()} />
      ) : data.types.length === 0 ? (
        <Text c="dimmed">No events in {words}.</Text>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        <section className={classes.types} tabIndex={0} aria-label="Event types">
          <Table stickyHeader horizontalSpacing={6} verticalSpacing={4} borderColor="var(--hl-border)">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">Type</Table.Th>
                {["Received", "Completed", "Failed", "Skipped"].map((name) => (
                  <Table.Th key={name} scope="col" ta="right">
                    {name}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.types.map(({ type, received, completed, failed, skipped }) => (
                <Table.Tr key={type}>
                  <Table.Td className={classes.typeCell} title={type}>
                    <TextLink to="/events" search={{ job: jobId, type: [type], range }} size="sm">
                      {type || "(without a type)"}
                    </TextLink>
                  </Table.Td>
                  <Figure value={received} />
                  <Figure value={completed} />
                  <Figure value={failed} bad />
                  <Figure value={skipped} />
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </section>
      )}
    </section>
  );
}

function Figure({ value, bad = false }: { value: number; bad?: boolean }) {
  const color = value === 0 ? "dimmed" : bad ? "var(--hl-bad)" : undefined;
  return (
    <Table.Td ta="right" {...(color ? { c: color } : {})}>
      {formatCount(value)}
    </Table.Td>
  );
}
