// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import com.google.gson.JsonObject;
import io.github.md4.core.StrictJson;
import io.github.md4.core.model.ModelLayout;
import io.github.md4.core.model.StoredModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The layout of {@link PublishedFolder}: a config.json without our format version. */
public final class PublishedLayout implements ModelLayout {
  private static final long LONGEST_CONFIG = 1 << 20;

  /** Makes the layout, as ServiceLoader does. */
  public PublishedLayout() {}

  @Override
  public boolean isIn(Path folder) {
    Path config = folder.resolve(PublishedFolder.CONFIG);
    try {
      if (!Files.isRegularFile(config) || Files.size(config) > LONGEST_CONFIG) {
        return false;
      }
      JsonObject json = StrictJson.object(Files.readString(config));
      return !json.has("formatVersion")
          && (json.has("model_type") || json.has("architectures") || json.has("tokens"));
    } catch (IOException | IllegalArgumentException e) {
      return false; // the reader of our own layout says what is wrong with it
    }
  }

  @Override
  public StoredModel open(Path folder) throws IOException {
    return PublishedFolder.open(folder, Optional.empty());
  }
}
