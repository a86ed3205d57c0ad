// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import ai.djl.ndarray.types.Shape;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.model.NamedTensor;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.StoredModel;
import io.github.md4.core.network.ParameterSource;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A model as it was published: a folder of safetensors with a {@code config.json} (docs/models.md
 * names the families). Its files are open until it is closed.
 */
public final class PublishedFolder implements StoredModel {
  static final String CONFIG = "config.json";

  private final Path folder;
  private final PublishedFamily family;
  private final PublishedFamily.Described described;
  private final TensorShards shards;
  private final SavedModel.Description description;
  private final boolean lacksTokenizer;

  private PublishedFolder(
      Path folder,
      PublishedFamily family,
      PublishedFamily.Described described,
      TensorShards shards,
      Tokenizer tokenizer,
      boolean lacksTokenizer) {
    this.folder = folder;
    this.family = family;
    this.described = described;
    this.shards = shards;
    this.lacksTokenizer = lacksTokenizer;
    this.description = new SavedModel.Description(described.config(), tokenizer);
  }

  /**
   * Opens a folder and checks all names and shapes.
   *
   * @param folder a folder as its publisher wrote it: config.json, weights and tokenizer
   * @param family the name of a family, where the config does not tell it
   * @return the model, whose weights are read when they are asked for; closed by the caller
   * @throws IllegalArgumentException if there is no family of that name
   * @throws InvalidDataException if the folder is of no family that is known here, or is not
   *     complete; tensors that are unknown, missing or of another shape are named together
   * @throws IOException if a file cannot be read
   */
  public static PublishedFolder open(Path folder, Optional<String> family) throws IOException {
    Path file = folder.resolve(CONFIG);
    if (!Files.isRegularFile(file)) {
      throw new InvalidDataException(folder, missingConfig(folder));
    }
    PublishedConfig config = PublishedConfig.read(file);
    if (config.has("formatVersion")) {
      throw new InvalidDataException(folder, "is a model of md4 already; use it as it is");
    }
    PublishedFamily found = family.isPresent() ? named(family.get()) : claiming(config);
    TensorShards shards = TensorShards.open(folder);
    try {
      TokenizerFiles files = TokenizerFiles.read(folder);
      PublishedFamily.Described described = describe(found, config, shards, files);
      TensorReport.check(shards, described);
      Tokenizer tokenizer = found.tokenizer(files, described);
      boolean lacksTokenizer = files.isMissing(described.vocabularySize());
      return new PublishedFolder(folder, found, described, shards, tokenizer, lacksTokenizer);
    } catch (IOException | RuntimeException e) {
      shards.close();
      throw e;
    }
  }

  private static String missingConfig(Path folder) throws IOException {
    String gguf = "is GGUF; give the folder of safetensors that it was made from";
    if (folder.toString().endsWith(".gguf")) {
      return gguf;
    }
    if (Files.isRegularFile(folder)) {
      return "is a file; give the folder that it was published in, with safetensors";
    }
    if (!Files.isDirectory(folder)) {
      return "no such folder; give one as it was published, with config.json and safetensors";
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.anyMatch(file -> file.toString().endsWith(".gguf"))
          ? gguf
          : "has no config.json; give a folder as it was published, with config.json and safetensors";
    }
  }

  /** {@return the names of all families, as {@link #open} takes them} */
  public static List<String> families() {
    return PublishedFamily.all().stream().map(PublishedFamily::name).toList();
  }

  private static PublishedFamily named(String name) {
    return PublishedFamily.all().stream()
        .filter(family -> family.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "family must be one of %s: %s".formatted(String.join(", ", families()), name)));
  }

  private static PublishedFamily claiming(PublishedConfig config) {
    return PublishedFamily.all().stream()
        .filter(family -> family.claims(config))
        .findFirst()
        .orElseThrow(
            () ->
                new InvalidDataException(
                    config.path(),
                    ("is of no family that is known here (model_type %s); those are %s, which"
                            + " --family takes")
                        .formatted(
                            config.has("model_type") ? config.text("model_type") : "absent",
                            String.join(", ", families()))));
  }

  private static PublishedFamily.Described describe(
      PublishedFamily family, PublishedConfig config, TensorShards shards, TokenizerFiles files) {
    try {
      return family.describe(config, new Beside(config, shards.names(), files));
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(config.path(), e.getMessage(), e);
    }
  }

  private record Beside(PublishedConfig config, Set<String> tensors, TokenizerFiles files)
      implements PublishedFamily.Surroundings {
    @Override
    public int token(String... texts) {
      Map<String, Integer> special = files.specialTokens();
      for (String text : texts) {
        int id = special.getOrDefault(text, files.ofVocabulary(text));
        if (id >= 0) {
          return id;
        }
      }
      throw new InvalidDataException(
          config.path(),
          "lacks mask_token_id, and the tokenizer has none of " + String.join(", ", texts));
    }
  }

  /** {@return the name of its family} */
  public String family() {
    return family.name();
  }

  /** {@return whether it has no tokenizer, so that its tokens' texts are their numbers} */
  public boolean lacksTokenizer() {
    return lacksTokenizer;
  }

  @Override
  public SavedModel.Description description() {
    return description;
  }

  @Override
  public ParameterSource weights() {
    return (wanted, first, count) -> {
      String name = described.names().of(wanted.name());
      return shards.fileOf(name).finiteValues(name, first, count);
    };
  }

  /** {@return its parameters under their own names, their bytes as they are} */
  public List<NamedTensor> tensors() {
    List<NamedTensor> tensors = new ArrayList<>();
    for (ParameterSpec spec : described.specs()) {
      String name = described.names().of(spec.name());
      tensors.add(shards.fileOf(name).tensor(name, spec.name()));
    }
    return tensors;
  }

  /** {@return the published names of its parameters, by their own} */
  public Map<String, String> names() {
    return described.specs().stream()
        .collect(
            Collectors.toMap(
                ParameterSpec::name,
                spec -> described.names().of(spec.name()),
                (a, b) -> a,
                LinkedHashMap::new));
  }

  /** {@return the tensors that are kept for export but not read} */
  public List<NamedTensor> buffers() {
    return shards.names().stream()
        .filter(described.buffers()::contains)
        .map(name -> shards.fileOf(name).tensor(name, name))
        .toList();
  }

  /** {@return the name of the file that has a tensor, by its published name} */
  public Map<String, String> filesByTensor() {
    Map<String, String> files = new LinkedHashMap<>();
    for (String name : shards.names()) {
      files.put(name, shards.fileOf(name).path().getFileName().toString());
    }
    return files;
  }

  /** {@return the number of parameters by element type, for reports} */
  public Map<String, Long> types() {
    return described.specs().stream()
        .map(spec -> described.names().of(spec.name()))
        .collect(
            Collectors.groupingBy(
                name -> shards.fileOf(name).type(name),
                TreeMap::new,
                Collectors.summingLong(name -> shards.fileOf(name).shape(name).size())));
  }

  /** {@return the folder that was opened} */
  public Path folder() {
    return folder;
  }

  @Override
  public Path file() {
    return shards.main();
  }

  @Override
  public void close() throws IOException {
    shards.close();
  }

  /** The comparison of the tensors that are there with those that the config asks for. */
  private static final class TensorReport {
    private static final int MOST_NAMED = 40;

    static void check(TensorShards shards, PublishedFamily.Described described) {
      List<String> problems = new ArrayList<>();
      Set<String> left = new HashSet<>(shards.names());
      left.removeAll(described.buffers());
      for (ParameterSpec spec : described.specs()) {
        String name = described.names().of(spec.name());
        if (!left.remove(name)) {
          problems.add("missing " + name + " " + spec.shape());
        } else if (!shards.fileOf(name).shape(name).equals(spec.shape())) {
          Shape shape = shards.fileOf(name).shape(name);
          problems.add(name + " is " + shape + ", not " + spec.shape());
        }
      }
      new TreeSet<>(left).forEach(name -> problems.add("unknown " + name));
      if (!problems.isEmpty()) {
        throw new InvalidDataException(shards.main(), text(problems));
      }
    }

    private static String text(List<String> problems) {
      int more = problems.size() - MOST_NAMED;
      return problems.stream().limit(MOST_NAMED).collect(Collectors.joining("; "))
          + (more > 0 ? "; and " + more + " more" : "")
          + ": the tensors are not those of the config.json beside them";
    }
  }
}
