// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.model.AtomicWrite;
import io.github.md4.core.model.NamedTensor;
import io.github.md4.core.model.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A published model as a model folder of ours, and back: the bytes of all tensors stay as they are,
 * and the other files are kept beside them in the folder {@code published}.
 */
public final class PublishedCopy {
  /** The folder of the files that are kept. */
  public static final String KEPT = "published";

  private static final String MODEL = "model.safetensors";
  private static final String BUFFERS = "buffers.safetensors";
  private static final String NAMES = "names.json";
  private static final long LONGEST_KEPT = 1L << 27;

  private PublishedCopy() {}

  /**
   * Writes a published model as one of ours; the folder appears whole or not at all.
   *
   * @param from a folder as its publisher wrote it: config.json, weights and tokenizer
   * @param to the folder to be made, or replaced where it holds an earlier copy
   * @throws java.nio.file.FileAlreadyExistsException if there are other files under that name
   * @throws InvalidDataException if a file of the model is damaged
   * @throws IOException if a file cannot be read or written
   */
  public static void write(PublishedFolder from, Path to) throws IOException {
    AtomicWrite.folder(to, folder -> writeInto(from, folder));
  }

  private static void writeInto(PublishedFolder from, Path folder) throws IOException {
    from.description().write(folder);
    Map<String, String> about = new LinkedHashMap<>();
    about.put("format", "pt");
    about.put("weights", "ema");
    SafeTensors.write(folder.resolve(MODEL), about, from.tensors());
    Path kept = Files.createDirectory(folder.resolve(KEPT));
    for (Path file : otherFiles(from.folder())) {
      Files.copy(file, kept.resolve(file.getFileName()));
    }
    if (!from.buffers().isEmpty()) {
      SafeTensors.write(kept.resolve(BUFFERS), Map.of(), from.buffers());
    }
    Files.writeString(kept.resolve(NAMES), names(from));
  }

  /** Returns the files that are no weights: texts, and not too long to be some. */
  private static List<Path> otherFiles(Path folder) throws IOException {
    List<Path> others = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        boolean isText = name.matches(".*\\.(json|txt|jinja|md|model)|LICENSE.*|NOTICE.*");
        if (isText && Files.isRegularFile(file) && Files.size(file) <= LONGEST_KEPT) {
          others.add(file);
        }
      }
    }
    others.removeIf(file -> file.getFileName().toString().equals(NAMES));
    others.removeIf(file -> file.getFileName().toString().equals("expected.json"));
    return others;
  }

  private static String names(PublishedFolder from) {
    JsonObject names = new JsonObject();
    names.addProperty("family", from.family());
    JsonObject tensors = new JsonObject();
    from.names().forEach((own, published) -> tensors.addProperty(published, own));
    names.add("tensors", tensors);
    JsonObject files = new JsonObject();
    from.filesByTensor().forEach(files::addProperty);
    names.add("files", files);
    return new GsonBuilder().setPrettyPrinting().create().toJson(names) + "\n";
  }

  /**
   * {@return whether a model was made from a published one}
   *
   * @param model the folder of a model of ours
   */
  public static boolean isIn(Path model) {
    return Files.isRegularFile(model.resolve(KEPT).resolve(NAMES));
  }

  /** Returns the name of the authors' sampler of a model as published, or made from one. */
  static Optional<String> sampler(Path model) throws IOException {
    Optional<String> family = Optional.empty();
    if (isIn(model)) {
      Path names = model.resolve(KEPT).resolve(NAMES);
      family =
          new UntrustedFile(names)
              .readJson(
                  "is no list of names", json -> Optional.of(json.get("family").getAsString()));
    } else if (new PublishedLayout().isIn(model)) {
      try (PublishedFolder open = PublishedFolder.open(model, Optional.empty())) {
        family = Optional.of(open.family());
      }
    }
    return family.flatMap(
        name ->
            PublishedFamily.all().stream()
                .filter(each -> each.name().equals(name))
                .map(PublishedFamily::sampler)
                .findFirst());
  }

  /**
   * Writes a model that was made from a published one in the published layout: names, files, types
   * and bytes of tensors, and all other files as they were.
   *
   * @param model the folder of a model of ours
   * @param to the folder to be made, or replaced where it holds an earlier copy
   * @throws java.nio.file.FileAlreadyExistsException if there are other files under that name
   * @throws InvalidDataException if the model was made in another way, or a file is damaged
   * @throws IOException if a file cannot be read or written
   */
  public static void restore(Path model, Path to) throws IOException {
    checkIsIn(model);
    AtomicWrite.folder(to, folder -> restoreInto(model, model.resolve(MODEL), folder));
  }

  /**
   * Writes a model that was trained further from a published one in the published layout: the names
   * and files of tensors, and all other files, of the model that it began with, the types and bytes
   * of its own.
   *
   * @param like the folder that {@code md4 import} made of the published model
   * @param weights the file of the weights, which has the tensors of {@code like}
   * @param to the folder to be made, or replaced where it holds an earlier copy
   * @throws java.nio.file.FileAlreadyExistsException if there are other files under that name
   * @throws InvalidDataException if {@code like} was made in another way, a tensor is missing or of
   *     another shape, or a file is damaged
   * @throws IOException if a file cannot be read or written
   */
  public static void restore(Path like, Path weights, Path to) throws IOException {
    checkIsIn(like);
    try (SafeTensors expected = SafeTensors.open(like.resolve(MODEL));
        SafeTensors given = SafeTensors.open(weights)) {
      for (String name : expected.names()) {
        boolean fits =
            given.names().contains(name) && given.shape(name).equals(expected.shape(name));
        if (!fits) {
          throw new InvalidDataException(
              weights,
              "has no tensor %s of shape %s as %s has: it was trained from another model"
                  .formatted(name, expected.shape(name), like));
        }
      }
    }
    AtomicWrite.folder(
        to,
        folder -> {
          restoreInto(like, weights, folder);
          Path index = folder.resolve(TensorShards.INDEX);
          if (Files.isRegularFile(index)) {
            Files.writeString(index, indexOf(index));
          }
        });
  }

  /** Returns an index of shards with the bytes that the tensors of its files have. */
  private static String indexOf(Path file) throws IOException {
    JsonObject index = new UntrustedFile(file).readJson("is no index of shards", json -> json);
    Set<String> shards = new TreeSet<>();
    index.getAsJsonObject("weight_map").asMap().values().forEach(x -> shards.add(x.getAsString()));
    long bytes = 0;
    for (String shard : shards) {
      try (SafeTensors tensors = SafeTensors.open(file.resolveSibling(shard))) {
        bytes += tensors.dataBytes();
      }
    }
    JsonObject about = new JsonObject();
    about.addProperty("total_size", bytes);
    index.add("metadata", about);
    return new GsonBuilder().setPrettyPrinting().create().toJson(index) + "\n";
  }

  private static void checkIsIn(Path model) {
    if (!Files.exists(model)) {
      throw new InvalidDataException(model, "no such folder; a model of md4 import is expected");
    }
    if (!isIn(model)) {
      throw new InvalidDataException(model, "was not made from a published model by md4 import");
    }
  }

  private static void restoreInto(Path model, Path trained, Path folder) throws IOException {
    Path kept = model.resolve(KEPT);
    try (Stream<Path> files = Files.list(kept)) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        if (!name.equals(BUFFERS) && !name.equals(NAMES)) {
          Files.copy(file, folder.resolve(name));
        }
      }
    }
    Map<String, Map<String, String>> byFile = byFile(kept.resolve(NAMES));
    try (SafeTensors weights = SafeTensors.open(trained);
        Buffers buffers = Buffers.open(kept.resolve(BUFFERS))) {
      for (Map.Entry<String, Map<String, String>> each : byFile.entrySet()) {
        List<NamedTensor> tensors = new ArrayList<>();
        each.getValue()
            .forEach(
                (published, own) ->
                    tensors.add(
                        own.isEmpty()
                            ? buffers.tensor(published)
                            : weights.tensor(own, published)));
        SafeTensors.write(folder.resolve(each.getKey()), Map.of("format", "pt"), tensors);
      }
    }
  }

  /** The tensors that are kept but not read, if there are any. */
  private record Buffers(SafeTensors file) implements AutoCloseable {
    static Buffers open(Path path) throws IOException {
      return new Buffers(Files.isRegularFile(path) ? SafeTensors.open(path) : null);
    }

    NamedTensor tensor(String name) {
      return file.tensor(name, name);
    }

    @Override
    public void close() throws IOException {
      if (file != null) {
        file.close();
      }
    }
  }

  /** Returns our names by the published ones, by file; no name of ours for a buffer. */
  private static Map<String, Map<String, String>> byFile(Path file) throws IOException {
    return new UntrustedFile(file)
        .readJson(
            "is no list of names",
            json -> {
              JsonObject own = json.getAsJsonObject("tensors");
              Map<String, Map<String, String>> byFile = new TreeMap<>();
              for (Map.Entry<String, JsonElement> each : json.getAsJsonObject("files").entrySet()) {
                String published = each.getKey();
                byFile
                    .computeIfAbsent(each.getValue().getAsString(), name -> new LinkedHashMap<>())
                    .put(published, own.has(published) ? own.get(published).getAsString() : "");
              }
              return byFile;
            });
  }
}
