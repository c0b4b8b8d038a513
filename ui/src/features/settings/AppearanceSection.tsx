import { SegmentedControl } from "@mantine/core";
import { setPreference, usePreference } from "../../shared/state/preferences";
import { SettingRow, SettingRows } from "./SettingRow";

export function AppearanceSection() {
  const scheme = usePreference("colorScheme");
  return (
    <SettingRows>
      <SettingRow
        label="Theme"
        description="“System” follows what the system is set to, also when that changes."
      >
        <SegmentedControl
          aria-label="Theme"
          data={[
            { value: "auto", label: "System" },
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
          ]}
          value={scheme}
          onChange={(value) => setPreference("colorScheme", value)}
        />
      </SettingRow>
    </SettingRows>
  );
}
