import { Button, Group, Kbd, Popover, Stack, Text, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment, useState } from "react";
import { useConnected } from "../../api/live";
import { jobsQuery, statusQuery } from "../../api/queries";
import { useNow } from "../../shared/state/now";
import { MOD } from "../../shared/ui/keys";
import { Linked } from "../../shared/ui/Linked";
import { TextLink } from "../../shared/ui/links";
import { Status } from "../../shared/ui/Status";
import { openPalette } from "../palette/CommandPalette";
import { useCrumbs } from "./crumbs";
import classes from "./Frame.module.css";
import { receivingLight } from "./receiving";

export function TopBar() {
  const crumbs = useCrumbs();
  return (
    <header className={classes.top}>
      <h1 className={classes.crumbs}>
        {crumbs.map(({ label, to }, index) => (
          <Fragment key={`${to ?? ""} ${label}`}>
            {index > 0 && <span aria-hidden>/</span>}
            {to && index < crumbs.length - 1 ? (
              <Link to={to}>{label}</Link>
            ) : (
              <span className={classes.crumb}>{label}</span>
            )}
          </Fragment>
        ))}
      </h1>
      <ReceivingLight />
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconSearch size={14} />}
        rightSection={<Kbd size="xs">{MOD} K</Kbd>}
        onClick={openPalette}
      >
        <Text span size="xs" c="dimmed" visibleFrom="md">
          Commands
        </Text>
        <VisuallyHidden hiddenFrom="md">Commands</VisuallyHidden>
      </Button>
    </header>
  );
}

/** The light: pressed, it tells the whole truth in words. */
function ReceivingLight() {
  const now = useNow();
  const connected = useConnected();
  const status = useQuery(statusQuery);
  const jobs = useQuery(jobsQuery);
  const failed = [status, jobs].find((query) => query.isLoadingError);
  const [opened, setOpened] = useState(false);
  const close = () => setOpened(false);
  const light = receivingLight(status.data, jobs.data, connected, now, failed?.error);
  return (
    <Popover
      position="bottom-end"
      width={380}
      withinPortal
      trapFocus
      returnFocus
      opened={opened}
      onChange={setOpened}
    >
      <Popover.Target>
        <UnstyledButton
          aria-label={`${light.word}. Show details`}
          px={8}
          py={4}
          style={{ borderRadius: 6 }}
          onClick={() => setOpened(!opened)}
        >
          <Status tone={light.tone}>{light.word}</Status>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label="What is received">
        <Stack gap="xs" tabIndex={-1} data-autofocus style={{ outline: "none" }}>
          {light.facts.map(({ tone, text, settings }) => (
            <Group key={text} gap={6} wrap="nowrap" align="flex-start">
              <Status tone={tone} compact>
                {tone}
              </Status>
              <Text size="sm" component="div" style={{ overflowWrap: "anywhere", minWidth: 0 }}>
                <Linked>{text}</Linked>{" "}
                {settings && (
                  <TextLink to="/settings/tunnel" inherit underline="always" onClick={close}>
                    Tunnel settings
                  </TextLink>
                )}
              </Text>
            </Group>
          ))}
          {failed && (
            <Button variant="default" onClick={() => void failed.refetch()}>
              Retry
            </Button>
          )}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
