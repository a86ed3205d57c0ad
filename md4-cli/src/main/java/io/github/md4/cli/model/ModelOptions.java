// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.model;

import ai.djl.Device;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.experiment.AverageNote;
import io.github.md4.cli.option.ThreadsOption;
import io.github.md4.cli.option.TitledOptions;
import io.github.md4.cli.report.Json;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.Precision;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.token.Provenance;
import io.github.md4.core.token.Sha256;
import io.github.md4.sample.LoadingOptions;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.train.folder.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of a model: its weights, its device and its precision. */
public final class ModelOptions implements TitledOptions {
  public static final String FOLDER =
      "The folder of a model, a checkpoint or a run. A run stands for its finished"
          + " model, or for its last checkpoint.";
  public static final String RESIDUAL =
      "The type of the residual stream of transformers on a GPU, where the network multiplies in"
          + " bfloat16. Default: ${DEFAULT-VALUE}.";

  public static final String DEVICES = "cpu|gpu|gpu:N";
  public static final String DEVICE = "The device. Default: the first GPU, or the CPU without one.";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--weights",
      paramLabel = "ema|raw",
      description =
          "The averaged weights, or the weights of the last update. Default:"
              + " ${DEFAULT-VALUE}.")
  private Weights weights = Weights.EMA;

  @Option(
      names = "--precision",
      paramLabel = "float32|bfloat16",
      description = "The type in which the network multiplies. Default: ${DEFAULT-VALUE}.")
  private Precision precision = Precision.FLOAT32;

  @Option(names = "--residual", paramLabel = "float32|bfloat16", description = RESIDUAL)
  private Precision residual = Precision.FLOAT32;

  @Option(names = "--device", paramLabel = DEVICES, description = DEVICE)
  private DeviceChoice device = new DeviceChoice.Fastest();

  @Mixin private ThreadsOption threads;

  /**
   * Returns the folder of a model, or null where none is named.
   *
   * @throws InvalidDataException if it is a file of tokens, which stands behind the folder
   */
  public static Path checked(Path model) {
    if (model != null && model.toString().endsWith(".bin") && Files.isRegularFile(model)) {
      throw new InvalidDataException(
          model, "is a file of tokens where a run or a model is expected; the run comes first");
    }
    return model;
  }

  /**
   * Checks that the device exists.
   *
   * @throws io.github.md4.core.DeviceException if it does not
   */
  public void checkDevice() {
    Device unused = device.find();
  }

  /**
   * Returns the device.
   *
   * @throws io.github.md4.core.DeviceException if it does not exist
   */
  public Device device() {
    return device.find();
  }

  /** Returns the options as JSON. */
  public ObjectNode json() {
    return Json.object()
        .put("weights", weights.toString())
        .put("precision", precision.toString())
        .put("residual", residual.toString())
        .put("device", DeviceChoice.name(device.find()));
  }

  /** Returns the model of a folder, a checkpoint or a run, ready to generate. */
  public MaskedDiffusion generator(Path folder) throws IOException {
    LoadingOptions loading = loading();
    MaskedDiffusion model = newest(folder, each -> MaskedDiffusion.load(each, loading));
    tell(model.residual());
    return model;
  }

  /** A reading of a model in a folder. */
  private interface Reading<T> {
    T read(Path model) throws IOException;
  }

  /** Reads the model of a folder, a checkpoint or a run, and tells what there is to tell of it. */
  private <T> T newest(Path folder, Reading<T> reading) throws IOException {
    return quietly(
        folder,
        model -> {
          T read = reading.read(model);
          note(folder, model);
          return read;
        });
  }

  /**
   * Reads the model of a folder, a checkpoint or a run. A training may delete a checkpoint that is
   * being read; then a newer one is there.
   */
  private <T> T quietly(Path folder, Reading<T> reading) throws IOException {
    Path model = RunFolder.modelIn(folder, weights);
    while (true) {
      try {
        return reading.read(model);
      } catch (IOException | InvalidDataException e) {
        Path now = RunFolder.modelIn(folder, weights);
        if (now.equals(model)) {
          throw e;
        }
        model = now;
      }
    }
  }

  /** Tells where a checkpoint stands for the finished model, or averages are of little worth. */
  private void note(Path folder, Path model) {
    PassedOver.note(folder, model, weights)
        .ifPresent(note -> spec.commandLine().getErr().println("md4: " + note));
    if (weights == Weights.EMA) {
      AverageNote.of(model).ifPresent(note -> spec.commandLine().getErr().println("md4: " + note));
    }
  }

  /** Returns the weights of a folder, a checkpoint or a run, in the form that reports name them. */
  public Provenance.SourceFile source(Path folder) throws IOException {
    return newest(
        folder,
        model -> {
          Path file = SavedModel.weightsFile(model, weights);
          return new Provenance.SourceFile(file.toString(), Sha256.of(file));
        });
  }

  /** Returns the description of the model of a folder, a checkpoint or a run. */
  public SavedModel.Description description(Path folder) throws IOException {
    return quietly(folder, SavedModel.Description::read);
  }

  /** Returns the model of a folder, a checkpoint or a run. */
  public LoadedModel open(Path folder) throws IOException {
    LoadingOptions loading = loading();
    LoadedModel model = newest(folder, each -> LoadedModel.load(each, loading));
    tell(model.origin().loading().residual());
    return model;
  }

  private LoadingOptions loading() {
    Device found = device.find();
    Residual.check(spec, residual, precision);
    threads.apply();
    return new LoadingOptions(weights, precision, residual, found);
  }

  /** Tells where the network has another residual stream than was asked for. */
  private void tell(Precision actual) {
    Residual.tell(spec, residual, actual, device.find());
  }

  @Override
  public String title() {
    return "The model and the device";
  }
}
