import { isStoreThere, openProjectStore, type OpenedStore } from "../instance/open-store.js";
import type { Settings } from "../instance/settings.js";

/**
 * Loads the definitions and opens the store, side by side. A store that is not there yet is made only when the definitions are good.
 * @throws what `load` throws, and then nothing is left open; else {@link StoreError}
 */
export async function openProject<Loaded>(
  settings: Settings,
  load: () => Promise<Loaded>,
): Promise<{ loaded: Loaded; opened: OpenedStore }> {
  const early = isStoreThere(settings) ? openProjectStore(settings) : undefined;
  early?.catch(() => undefined); // reported below, after what is wrong with the definitions
  let loaded: Loaded;
  try {
    loaded = await load();
  } catch (error) {
    await early?.then(({ store }) => store.close()).catch(() => undefined);
    throw error;
  }
  return { loaded, opened: await (early ?? openProjectStore(settings)) };
}
