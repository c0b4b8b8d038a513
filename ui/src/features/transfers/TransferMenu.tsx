import { ActionIcon, Menu } from "@mantine/core";
import {
  IconCopy,
  IconDots,
  IconExternalLink,
  IconListDetails,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlugConnected,
  IconTrash,
} from "@tabler/icons-react";
import type { SyncJob } from "../../api/schema";
import { useSetEnabled } from "../../shared/jobs/mutations";
import { copy } from "../../shared/state/copy";
import { toastError, toastSuccess } from "../../shared/state/toasts";
import { MenuItemLink } from "../../shared/ui/links";

/** What can be done with a job of the table. */
export function TransferMenu({ job, onDelete }: { job: SyncJob; onDelete: () => void }) {
  const setEnabled = useSetEnabled(job.id);
  const params = { jobId: job.id };
  const toggle = () =>
    setEnabled.mutate(!job.enabled, {
      // The menu is closed by then: there is no other place for the outcome.
      onSuccess: () => toastSuccess(job.enabled ? `Paused ${job.name}` : `${job.name} receives again`),
      onError: (error) => toastError(`${job.name} could not be ${job.enabled ? "paused" : "resumed"}`, error),
    });
  return (
    <Menu position="bottom-end" width={200} withinPortal>
      <Menu.Target>
        <ActionIcon size={24} aria-label={`Actions for ${job.name}`} loading={setEnabled.isPending}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <MenuItemLink to="/transfers/$jobId" params={params} leftSection={<IconExternalLink size={14} />}>
          Open
        </MenuItemLink>
        <MenuItemLink to="/events" search={{ job: job.id }} leftSection={<IconListDetails size={14} />}>
          Show events
        </MenuItemLink>
        <Menu.Item
          leftSection={<IconCopy size={14} />}
          onClick={() => void copy(job.webhookUrl, "webhook URL")}
        >
          Copy webhook URL
        </Menu.Item>
        <MenuItemLink
          to="/transfers/$jobId/setup"
          params={params}
          leftSection={<IconPlugConnected size={14} />}
        >
          Set up
        </MenuItemLink>
        <MenuItemLink to="/transfers/$jobId/edit" params={params} leftSection={<IconPencil size={14} />}>
          Edit
        </MenuItemLink>
        <Menu.Item
          leftSection={job.enabled ? <IconPlayerPause size={14} /> : <IconPlayerPlay size={14} />}
          onClick={toggle}
        >
          {job.enabled ? "Pause" : "Resume"}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item color="red" leftSection={<IconTrash size={14} />} onClick={onDelete}>
          Delete…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
