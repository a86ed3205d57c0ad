// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.StrictJson;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.model.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The tensors of a folder, in one file or in several that an index names. The files are
 * memory-mapped a tensor at a time, and stay open until this is closed.
 */
final class TensorShards implements AutoCloseable {
  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";

  private final Path folder;
  private final Map<String, SafeTensors> files = new TreeMap<>();
  private final Map<String, SafeTensors> byTensor = new LinkedHashMap<>();

  private TensorShards(Path folder) {
    this.folder = folder;
  }

  /**
   * Opens the files of a folder.
   *
   * @throws InvalidDataException if there are none, one is missing or damaged, or the index is not
   *     true of them
   */
  static TensorShards open(Path folder) throws IOException {
    TensorShards shards = new TensorShards(folder);
    try {
      if (Files.isRegularFile(folder.resolve(INDEX))) {
        shards.openIndexed(folder.resolve(INDEX));
      } else {
        checkIsThere(folder);
        shards.add(SINGLE);
      }
      return shards;
    } catch (IOException | RuntimeException e) {
      shards.close();
      throw e;
    }
  }

  private static void checkIsThere(Path folder) throws IOException {
    if (Files.isRegularFile(folder.resolve(SINGLE))) {
      return;
    }
    try (Stream<Path> entries = Files.list(folder)) {
      String other =
          entries
              .map(path -> path.getFileName().toString())
              .filter(
                  name -> name.endsWith(".bin") || name.endsWith(".gguf") || name.endsWith(".pt"))
              .sorted()
              .findFirst()
              .map(name -> ", only " + name + "; convert it to safetensors")
              .orElse("; download the model again");
      throw new InvalidDataException(folder, "has no " + SINGLE + " and no " + INDEX + other);
    }
  }

  private void add(String name) throws IOException {
    SafeTensors file = SafeTensors.open(folder.resolve(name));
    files.put(name, file);
    for (String tensor : file.names()) {
      if (byTensor.put(tensor, file) != null) {
        throw new InvalidDataException(file.path(), "tensor " + tensor + " is in another file too");
      }
    }
  }

  private void openIndexed(Path index) throws IOException {
    Map<String, String> map = new TreeMap<>();
    long[] size = {-1};
    String unused =
        new UntrustedFile(index)
            .readJson(
                "is no index",
                json -> {
                  JsonObject weights = json.getAsJsonObject("weight_map");
                  for (Map.Entry<String, JsonElement> each : weights.entrySet()) {
                    map.put(each.getKey(), each.getValue().getAsString());
                  }
                  JsonElement metadata = json.get("metadata");
                  if (metadata != null && metadata.getAsJsonObject().has("total_size")) {
                    size[0] =
                        (long)
                            StrictJson.number(
                                metadata.getAsJsonObject().get("total_size"), "total_size");
                  }
                  return "";
                });
    for (String name : Set.copyOf(map.values())) {
      checkShard(index, name);
      add(name);
    }
    checkIndex(index, map, size[0]);
  }

  private void checkShard(Path index, String name) {
    if (name.contains("/") || name.contains("\\") || !name.endsWith(".safetensors")) {
      throw new InvalidDataException(index, "names a file that is no safetensors here: " + name);
    }
    if (!Files.isRegularFile(folder.resolve(name))) {
      throw new InvalidDataException(
          index, "names " + name + ", which is not there; download it again");
    }
  }

  private void checkIndex(Path index, Map<String, String> map, long size) {
    map.forEach(
        (tensor, name) -> {
          if (byTensor.get(tensor) != files.get(name)) {
            throw new InvalidDataException(
                index,
                "says that %s is in %s, which is not so; take the index of these files"
                    .formatted(tensor, name));
          }
        });
    for (String tensor : byTensor.keySet()) {
      if (!map.containsKey(tensor)) {
        throw new InvalidDataException(
            index,
            "does not name %s, which is in %s; take the index of these files"
                .formatted(tensor, byTensor.get(tensor).path().getFileName()));
      }
    }
    long found = files.values().stream().mapToLong(SafeTensors::dataBytes).sum();
    if (size >= 0 && size != found) {
      throw new InvalidDataException(
          index,
          "says %d bytes of tensors; the files have %d; take the index of these files"
              .formatted(size, found));
    }
  }

  /** Returns the names of all tensors. */
  Set<String> names() {
    return byTensor.keySet();
  }

  /** Returns the file that has a tensor. */
  SafeTensors fileOf(String tensor) {
    return byTensor.get(tensor);
  }

  /** Returns the open files by name. */
  Map<String, SafeTensors> files() {
    return files;
  }

  /** Returns the file that stands for all: the index, or the only one. */
  Path main() {
    Path index = folder.resolve(INDEX);
    return Files.isRegularFile(index) ? index : folder.resolve(SINGLE);
  }

  @Override
  public void close() throws IOException {
    for (SafeTensors file : files.values()) {
      file.close();
    }
  }
}
