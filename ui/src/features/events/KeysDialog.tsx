import { Kbd, Modal, Table } from "@mantine/core";
import { Fragment } from "react";
import { MOD } from "../../shared/ui/keys";
import { KEY_HELP } from "./keyboard";

/** The list's keys. */
export function KeysDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Keys of the event list"
      size={460}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Table verticalSpacing={4}>
        <Table.Tbody>
          {KEY_HELP.map(({ keys, does }) => (
            <Table.Tr key={does}>
              <Table.Th scope="row" w={150} fw={400}>
                {keys.map((key, index) => (
                  <Fragment key={key}>
                    {index > 0 && " "}
                    <Kbd size="xs">{key.replace("mod", MOD)}</Kbd>
                  </Fragment>
                ))}
              </Table.Th>
              <Table.Td>{does}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
