import { Text, TextInput, Tooltip } from "@mantine/core";
import { useState } from "react";
import type { CollectionInfo } from "../../api/schema";
import { formatCompact, formatCount, plural } from "../../shared/format/numbers";
import { VirtualListbox } from "../../shared/ui/VirtualListbox";
import classes from "./Documents.module.css";

interface CollectionListProps {
  collections: CollectionInfo[];
  selected: string | undefined;
  onSelect: (name: string) => void;
  onOpen: () => void;
}

/** The collections of a destination with how many documents each holds. */
export function CollectionList({ collections, selected, onSelect, onOpen }: CollectionListProps) {
  const [filter, setFilter] = useState("");
  const wanted = filter.trim().toLowerCase();
  const shown = wanted ? collections.filter(({ name }) => name.toLowerCase().includes(wanted)) : collections;
  return (
    <>
      <div className={classes.filter}>
        <TextInput
          aria-label="Filter collections"
          placeholder={`Filter ${plural(collections.length, "collection")}`}
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
        />
      </div>
      {shown.length === 0 ? (
        <Text size="sm" c="dimmed" px="sm">
          {wanted ? `No collection has “${filter.trim()}” in its name.` : "No collections yet."}
        </Text>
      ) : (
        <VirtualListbox
          label="Collections"
          items={shown}
          rowHeight={28}
          keyOf={({ name }) => name}
          selected={selected}
          onSelect={({ name }) => onSelect(name)}
          onOpen={onOpen}
          render={({ name, documents }) => (
            <div className={classes.collection}>
              <span className={classes.name} title={name}>
                {name}
              </span>
              <Tooltip label={plural(documents, "document")}>
                <span className={classes.count} role="img" aria-label={`${formatCount(documents)} documents`}>
                  {formatCompact(documents)}
                </span>
              </Tooltip>
            </div>
          )}
        />
      )}
    </>
  );
}
