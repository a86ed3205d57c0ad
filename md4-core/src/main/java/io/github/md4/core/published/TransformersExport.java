// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonObject;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.model.AtomicWrite;
import io.github.md4.core.model.NamedTensor;
import io.github.md4.core.model.SafeTensors;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * A model of ours as a folder that PyTorch's transformers load with {@code trust_remote_code}: the
 * weights, a {@code config.json}, and one Python file with the network (docs/models.md).
 */
public final class TransformersExport {
  private static final String CODE = "modeling_md4.py";
  private static final int CHECKED =
      12; // positions of each sequence whose logits md4_check.json has
  private static final double[] TIMES = {0.3, 0.8};

  private TransformersExport() {}

  /**
   * Writes a model of text, images or other sequences.
   *
   * @param model the folder of a model of ours
   * @param weights which weights: raw, or their moving average
   * @param to the folder to be made, or replaced where it holds an earlier export
   * @throws java.nio.file.FileAlreadyExistsException if there are other files under that name
   * @throws InvalidDataException if the folder is no model's, lacks those weights, or its network
   *     is none that the Python file has
   * @throws IOException if a file cannot be read or written
   */
  public static void write(Path model, Weights weights, Path to) throws IOException {
    SavedModel.Description description = SavedModel.Description.read(model);
    ExportedNetwork network =
        ExportedNetwork.of(description.config().network())
            .orElseThrow(
                () ->
                    new InvalidDataException(
                        model,
                        "has a network that cannot be exported; those of the kinds transformer,"
                            + " unet, uvit and dit can, models of md4 import, and those trained"
                            + " further from one, with --like and that one's folder"));
    Path file = SavedModel.weightsFile(model, weights);
    AtomicWrite.folder(
        to,
        folder -> {
          writeWeights(file, folder.resolve("model.safetensors"));
          JsonObject config = config(description, network);
          Files.writeString(folder.resolve("config.json"), ExportJson.text(config));
          writeTokenizer(description.tokenizer(), folder);
          writeCheck(model, weights, folder.resolve("md4_check.json"));
          try (InputStream code = TransformersExport.class.getResourceAsStream(network.code())) {
            Files.copy(code, folder.resolve(CODE));
          }
        });
  }

  private static void writeWeights(Path from, Path to) throws IOException {
    try (SafeTensors tensors = SafeTensors.open(from)) {
      List<NamedTensor> all = new ArrayList<>();
      for (String name : tensors.names()) {
        all.add(tensors.tensor(name, name));
      }
      SafeTensors.write(to, Map.of("format", "pt"), all);
    }
  }

  private static JsonObject config(SavedModel.Description model, ExportedNetwork network) {
    JsonObject config = new JsonObject();
    config.addProperty("model_type", network.modelType());
    JsonObject map = new JsonObject();
    map.addProperty("AutoConfig", "modeling_md4.Md4Config");
    map.addProperty("AutoModel", "modeling_md4.Md4Model");
    map.addProperty("AutoModelForMaskedLM", "modeling_md4.Md4Model");
    config.add("auto_map", map);
    config.add("architectures", ExportJson.tree(List.of("Md4Model")));
    config.addProperty("torch_dtype", "float32");
    config.addProperty("vocab_size", model.tokenizer().vocabularySize());
    config.addProperty("mask_token_id", model.tokenizer().vocabularySize());
    config.addProperty("length", model.config().length());
    network.sizes().entrySet().forEach(each -> config.add(each.getKey(), each.getValue()));
    config.addProperty("objective", model.config().objective().toString());
    config.addProperty("schedule", model.config().schedule().toString());
    config.addProperty("schedule_epsilon", model.config().epsilon());
    model.classNames().ifPresent(classes -> config.add("id2label", idToLabel(classes)));
    return config;
  }

  /** Returns the names of classes by their numbers, as transformers' configs have them. */
  private static JsonObject idToLabel(ClassNames classes) {
    JsonObject names = new JsonObject();
    for (int label = 0; label < classes.names().size(); label++) {
      names.addProperty(Integer.toString(label), classes.names().get(label));
    }
    return names;
  }

  /** Writes logits of this library, float32 on the CPU, for scripts/check-transformers.py. */
  private static void writeCheck(Path model, Weights weights, Path file) throws IOException {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        SavedModel loaded = SavedModel.load(model, weights, manager, Precision.FLOAT32)) {
      NetworkConfig network = loaded.description().config().network();
      int classes = network.classes();
      int whole = loaded.description().config().length();
      boolean isImage = network.imageShape().isPresent(); // shown whole, or not at all
      int length = isImage ? whole : Math.min(CHECKED, whole);
      long[] rows = rows(length);
      long[][] ids = ids(loaded.description().tokenSpace(), length);
      int[] labels = classes == 0 ? new int[0] : new int[] {0, classes - 1};
      long[] flat = Arrays.stream(ids).flatMapToLong(Arrays::stream).toArray();
      NDArray logits =
          loaded
              .denoiser()
              .logits(
                  manager.create(flat, new Shape(2, length)),
                  new Condition(TIMES, labels),
                  manager.create(rows));
      JsonObject check = new JsonObject();
      check.add("ids", ExportJson.tree(ids));
      check.add("times", ExportJson.tree(TIMES));
      check.add("labels", ExportJson.tree(labels));
      check.add("rows", ExportJson.tree(rows));
      check.add("logits", ExportJson.tree(logits.toFloatArray()));
      Files.writeString(file, ExportJson.line(check));
    }
  }

  /** Returns flat positions of two sequences, some of each, the first and the last among them. */
  private static long[] rows(int length) {
    int count = Math.min(CHECKED, length);
    return LongStream.range(0, 2L * count)
        .map(i -> i / count * length + i % count * (length - 1) / Math.max(1, count - 1))
        .toArray();
  }

  /** Returns two sequences of arbitrary tokens, about half of them masks. */
  private static long[][] ids(TokenSpace space, int length) {
    double[] u = new Noise(1).uniforms(Noise.Purpose.SAMPLE, 0, 0, 4 * length);
    long[][] ids = new long[2][length];
    for (int i = 0; i < 2 * length; i++) {
      boolean isMask = u[i] < 0.5;
      int token = (int) (u[2 * length + i] * space.vocabularySize());
      ids[i / length][i % length] = isMask ? space.maskToken() : token;
    }
    return ids;
  }

  /** Writes a tokenizer.json of Hugging Face's where the model has one, else the vocabulary. */
  private static void writeTokenizer(Tokenizer tokenizer, Path folder) throws IOException {
    JsonObject json = tokenizer.toJson();
    boolean isTheirs = json.has("tokenizer");
    Path file = folder.resolve(isTheirs ? "tokenizer.json" : "md4_tokenizer.json");
    Files.writeString(file, ExportJson.text(isTheirs ? json.get("tokenizer") : json));
  }
}
