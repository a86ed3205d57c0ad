// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.model;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.report.Json;
import io.github.md4.core.Precision;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.token.Sha256;
import io.github.md4.sample.LoadingOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A model on its device. Closing it frees it.
 *
 * @param manager the manager of the model and of all that is computed from it
 * @param origin the file it was loaded from, its device and its precision
 */
public record LoadedModel(SavedModel model, NDManager manager, Origin origin)
    implements AutoCloseable {

  /**
   * The description of a model in reports.
   *
   * @param sha256 of the file of weights
   * @param tokenizerSha256 of the vocabulary's file
   * @param loading which weights, where and in which types, the stream's as it is
   */
  public record Origin(Path file, String sha256, String tokenizerSha256, LoadingOptions loading) {

    public Weights weights() {
      return loading.weights();
    }

    /** Returns device and types in a few words. */
    public String arithmetic() {
      boolean isNarrow = loading.residual() == Precision.BFLOAT16;
      return "%s, %s%s"
          .formatted(
              DeviceChoice.name(loading.device()),
              loading.precision(),
              isNarrow ? ", residual stream bfloat16" : "");
    }

    public ObjectNode json() {
      return Json.object()
          .put("file", file.toString())
          .put("sha256", sha256)
          .put("tokenizerSha256", tokenizerSha256)
          .put("weights", loading.weights().toString())
          .put("device", DeviceChoice.name(loading.device()))
          .put("precision", loading.precision().toString())
          .put("residual", loading.residual().toString());
    }
  }

  /** Returns the hash of the vocabulary's file, or of that which an import would write. */
  private static String tokenizer(Path weights, SavedModel.Description model) throws IOException {
    Path file = weights.resolveSibling("tokenizer.json");
    if (Files.isRegularFile(file)) {
      return Sha256.of(file);
    }
    return Sha256.of((model.tokenizer().toJson() + "\n").getBytes(StandardCharsets.UTF_8));
  }

  static LoadedModel load(Path folder, LoadingOptions loading) throws IOException {
    NDManager manager = NDManager.newBaseManager(loading.device());
    try {
      SavedModel model =
          SavedModel.load(
              folder, loading.weights(), manager, loading.precision(), loading.residual());
      Path file = SavedModel.weightsFile(folder, loading.weights());
      Origin origin =
          new Origin(
              file,
              Sha256.of(file),
              tokenizer(file, model.description()),
              loading.residual(model.denoiser().residual()));
      return new LoadedModel(model, manager, origin);
    } catch (IOException | RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  public SavedModel.Description description() {
    return model.description();
  }

  @Override
  public void close() {
    model.close();
    manager.close();
  }
}
