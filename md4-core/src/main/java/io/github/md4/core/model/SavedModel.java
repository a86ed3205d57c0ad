// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.Precision;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.internal.torch.EngineEnvironment;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSource;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A model in a folder that needs nothing else: {@code config.json}, {@code tokenizer.json} (the
 * vocabulary itself) and {@code model.safetensors}; a checkpoint has {@code ema.safetensors} too,
 * and where the names of its classes are known there is {@code classes.json}.
 *
 * <p>Closing it frees its weights. Its denoiser is safe for several threads where the network's is,
 * as those of this library are.
 */
public final class SavedModel implements AutoCloseable {
  static final String CONFIG = "config.json";
  private static final String TOKENIZER = "tokenizer.json";

  private final Path folder;
  private final Description description;
  private final LoadedNetwork network;
  private final Schedule schedule;

  /**
   * A model without its weights.
   *
   * @param config length, objective, schedule and network
   * @param tokenizer the tokenizer whose V tokens the network predicts
   * @param classNames the names of the network's classes; empty where there are none or where they
   *     are not known
   */
  public record Description(
      ModelConfig config, Tokenizer tokenizer, Optional<ClassNames> classNames) {

    /**
     * Checks that there is a name for each class.
     *
     * @param config length, objective, schedule and network
     * @param tokenizer the tokenizer whose V tokens the network predicts
     * @param classNames the names of the network's classes, if they are known
     * @throws IllegalArgumentException if there are another number of names than classes
     */
    public Description {
      int classes = config.network().classes();
      if (classNames.isPresent() && classNames.get().names().size() != classes) {
        throw new IllegalArgumentException(
            "there must be a name for each of %s: %s"
                .formatted(
                    Counted.of(classes, "class", "classes"),
                    Counted.of(classNames.get().names().size(), "name")));
      }
    }

    /**
     * Describes a model whose classes have no names.
     *
     * @param config length, objective, schedule and network
     * @param tokenizer the tokenizer whose V tokens the network predicts
     */
    public Description(ModelConfig config, Tokenizer tokenizer) {
      this(config, tokenizer, Optional.empty());
    }

    /** {@return the states of a position: the tokenizer's V tokens and the mask} */
    public TokenSpace tokenSpace() {
      return new TokenSpace(tokenizer.vocabularySize());
    }

    /**
     * {@return the network, to be closed by the caller}
     *
     * @param parent the manager of the arrays, whose device is theirs
     * @param precision the element type of matrix products, float32 or bfloat16; norms, softmax and
     *     losses are float32 in both
     */
    public Network network(NDManager parent, Precision precision) {
      return config.network().network(parent, tokenizer.vocabularySize(), precision);
    }

    /**
     * Checks that what {@link #write} writes can be read again.
     *
     * @throws IllegalArgumentException if the schedule or the network is of a kind that the class
     *     path does not name
     */
    public void checkIsWritable() {
      String unused = ConfigFile.text(config);
    }

    /**
     * Writes all but the weights into an existing folder.
     *
     * @param folder the existing folder
     * @throws IllegalArgumentException as {@link #checkIsWritable}
     * @throws IOException if a file cannot be written
     */
    public void write(Path folder) throws IOException {
      ConfigFile.write(folder.resolve(CONFIG), config);
      Files.writeString(folder.resolve(TOKENIZER), tokenizer.toJson() + "\n");
      StoredClassNames.write(folder, classNames);
    }

    /**
     * Reads config and tokenizer of a model.
     *
     * @param folder the folder of a model or of a checkpoint
     * @return config and tokenizer, without weights
     * @throws InvalidDataException if the folder is no model's, a file is damaged, or it names a
     *     kind that the class path lacks; the message says which
     * @throws IOException if a file cannot be read
     */
    public static Description read(Path folder) throws IOException {
      Optional<ModelLayout> layout = ModelLayout.of(folder);
      if (layout.isPresent()) {
        try (StoredModel stored = layout.get().open(folder)) {
          return stored.description();
        }
      }
      if (!isIn(folder)) {
        throw new InvalidDataException(
            folder,
            "is no model: it must have %s, %s and %s"
                .formatted(CONFIG, TOKENIZER, StoredWeights.MODEL));
      }
      ModelConfig config = ConfigFile.read(folder.resolve(CONFIG));
      Tokenizer tokenizer = Tokenizer.read(folder.resolve(TOKENIZER));
      Optional<ClassNames> names = StoredClassNames.read(folder);
      return new UntrustedFile(StoredClassNames.file(folder))
          .read("does not fit", () -> new Description(config, tokenizer, names));
    }
  }

  private SavedModel(
      Path folder, Description description, LoadedNetwork network, Schedule schedule) {
    this.folder = folder;
    this.description = description;
    this.network = network;
    this.schedule = schedule;
  }

  /**
   * Returns the model of a folder: one of ours, or of a {@link ModelLayout} on the class path. On
   * Linux this sets environment variables of the process that are not set and that the engine's
   * libraries read at their start (docs/gpu.md, "Memory of cuBLAS").
   *
   * @param folder the folder of a model or of a checkpoint
   * @param weights which weights: raw, or their moving average
   * @param manager the owner of the weights; its device is the one on which the model runs
   * @param precision the element type of matrix products, float32 or bfloat16; norms, softmax and
   *     losses are float32 in both
   * @return the model, closed by the caller
   * @throws InvalidDataException if the folder is no model's, is damaged, lacks those weights, or
   *     names a kind that the class path lacks
   * @throws IOException if a file cannot be read
   */
  public static SavedModel load(
      Path folder, Weights weights, NDManager manager, Precision precision) throws IOException {
    return load(folder, weights, manager, precision, Precision.FLOAT32);
  }

  /**
   * Returns the model of a folder with a residual stream of another type, as {@link
   * Network#frozen(NDManager, Parameters, Precision)} says.
   *
   * @param folder the folder of a model or of a checkpoint
   * @param weights which weights: raw, or their moving average
   * @param manager the owner of the weights; its device is the one on which the model runs
   * @param precision the element type of matrix products, float32 or bfloat16
   * @param residual the element type of the residual stream where the products are bfloat16
   * @return the model, closed by the caller
   * @throws InvalidDataException as the other form says
   * @throws IOException if a file cannot be read
   */
  public static SavedModel load(
      Path folder, Weights weights, NDManager manager, Precision precision, Precision residual)
      throws IOException {
    EngineEnvironment.prepareFrozen();
    Optional<ModelLayout> layout = ModelLayout.of(folder);
    if (layout.isPresent()) {
      try (StoredModel stored = layout.get().open(folder)) {
        return load(folder, stored, manager, precision, residual);
      }
    }
    Description description = Description.read(folder);
    Path file = weightsFile(folder, weights);
    Schedule schedule = new StoredSchedule(description, file).read(manager);
    Network network = network(folder, description, manager, precision);
    try (SafeTensors tensors = ParameterFile.open(file, "", network.specs())) {
      ParameterSource source = ParameterFile.source(tensors, "");
      LoadedNetwork loaded = LoadedNetwork.of(network, source, manager, residual);
      return new SavedModel(folder, description, loaded, schedule);
    } catch (IOException | RuntimeException e) {
      network.close();
      throw e;
    }
  }

  private static SavedModel load(
      Path folder, StoredModel stored, NDManager manager, Precision precision, Precision residual)
      throws IOException {
    Description description = stored.description();
    ModelConfig config = description.config();
    Schedule schedule =
        config.schedule().starting(description.tokenizer().vocabularySize(), config.epsilon());
    Network network = network(folder, description, manager, precision);
    try {
      LoadedNetwork loaded = LoadedNetwork.of(network, stored.weights(), manager, residual);
      return new SavedModel(folder, description, loaded, schedule);
    } catch (IOException | RuntimeException e) {
      network.close();
      throw e;
    }
  }

  private static Network network(
      Path folder, Description description, NDManager manager, Precision precision)
      throws IOException {
    return new UntrustedFile(folder.resolve(CONFIG))
        .read("describes no network", () -> description.network(manager, precision));
  }

  /**
   * Writes raw and averaged weights of a network, as a checkpoint of a model with a curve.
   *
   * @param folder the existing folder
   * @param raw the parameters as training left them
   * @param average the moving averages of the parameters
   * @throws IOException if a file cannot be written
   */
  public static void writeWeights(Path folder, Parameters raw, Parameters average)
      throws IOException {
    writeWeights(folder, Map.of("", raw), Map.of("", average));
  }

  /**
   * Writes averaged weights of a network, as a finished model with a curve has them.
   *
   * @param folder the existing folder
   * @param average the moving averages of the parameters
   * @throws IOException if a file cannot be written
   */
  public static void writeWeights(Path folder, Parameters average) throws IOException {
    writeWeights(folder, Map.of("", average));
  }

  /**
   * Writes raw and averaged weights into an existing folder, as a checkpoint has them: the
   * network's and, where the schedule is learned, {@link GenMd4Parameter}, by prefix.
   *
   * @param folder the existing folder
   * @param raw the parameters as training left them, by prefix
   * @param average the moving averages of the parameters, by prefix
   * @throws IOException if a file cannot be written
   */
  public static void writeWeights(
      Path folder, Map<String, Parameters> raw, Map<String, Parameters> average)
      throws IOException {
    StoredWeights.write(folder, raw, average);
  }

  /**
   * Writes averaged weights into an existing folder, as a finished model has them.
   *
   * @param folder the existing folder
   * @param average the moving averages of the parameters, by prefix
   * @throws IOException if a file cannot be written
   */
  public static void writeWeights(Path folder, Map<String, Parameters> average) throws IOException {
    StoredWeights.write(folder, average);
  }

  /**
   * {@return whether a folder has the files of a model, of ours or of a {@link ModelLayout}}
   *
   * @param folder any path, which may be absent
   */
  public static boolean isIn(Path folder) {
    return isOurs(folder) || ModelLayout.of(folder).isPresent();
  }

  private static boolean isOurs(Path folder) {
    return Stream.of(CONFIG, TOKENIZER, StoredWeights.MODEL)
        .map(folder::resolve)
        .allMatch(Files::isRegularFile);
  }

  /**
   * {@return the file in which a folder has those weights}
   *
   * @param folder the folder of a model or of a checkpoint
   * @param weights which weights: raw, or their moving average
   * @throws IOException if the folder cannot be read
   * @throws io.github.md4.core.InvalidDataException if the folder has not those weights
   */
  public static Path weightsFile(Path folder, Weights weights) throws IOException {
    Optional<ModelLayout> layout = ModelLayout.of(folder);
    if (layout.isPresent()) {
      try (StoredModel stored = layout.get().open(folder)) {
        return stored.file();
      }
    }
    return StoredWeights.file(folder, weights);
  }

  /** {@return the folder it was loaded from} */
  public Path folder() {
    return folder;
  }

  /** {@return what it is, without its weights} */
  public Description description() {
    return description;
  }

  /** {@return the network with its weights, usable until this is closed} */
  public Denoiser denoiser() {
    return network.denoiser();
  }

  /**
   * {@return its objective, with the schedule of its weights}
   *
   * @param axis the times; has no effect where powers are learned, which have continuous time only
   * @param floor where time begins; has no effect where the schedule is a curve
   * @throws IllegalArgumentException if the objective has no such times
   */
  public Objective objective(TimeAxis axis, TimeFloor floor) {
    return description.config.objective(description.tokenSpace(), schedule, axis, floor);
  }

  /**
   * {@return the objective by orders of tokens; none exists where the schedule is learned or
   * nothing is masked}
   */
  public Optional<Objective> anyOrderObjective() {
    return schedule.match(
        shared -> description.config.objective().anyOrder(description.tokenSpace(), shared),
        perToken -> Optional.empty());
  }

  /** {@return its schedule: where that is learned, with these weights' powers} */
  public Schedule schedule() {
    return schedule;
  }

  /** {@return the number of its weights, the schedule's among them} */
  public long parameterCount() {
    return network.network().specs().stream().mapToLong(spec -> spec.shape().size()).sum()
        + description.config.schedule().parameterCount(description.tokenizer.vocabularySize());
  }

  @Override
  public void close() {
    network.close();
  }
}
