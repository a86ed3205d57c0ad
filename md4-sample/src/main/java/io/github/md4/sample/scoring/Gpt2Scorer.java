// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.scoring;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.Gpt2Kernels;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.model.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * A GPT-2 of any size that scores samples, from the files that Hugging Face publishes: {@code
 * config.json} and {@code model.safetensors} (names and layouts as there; with or without the
 * prefix {@code transformer.}). The network is that of Radford and others, Language Models are
 * Unsupervised Multitask Learners, 2019, Section 2.3. Not safe for several threads.
 *
 * <p>Closing it frees its weights.
 */
public final class Gpt2Scorer implements AutoCloseable {
  private static final String CONFIG = "config.json";
  private static final String MODEL = "model.safetensors";
  private static final String PREFIX = "transformer.";

  private final Gpt2Config config;
  private final NDManager manager;
  private final Gpt2Kernels kernels;
  private final NDArray wte;
  private final NDArray wpe;
  private final NDList[] blocks;
  private final NDList last;

  private Gpt2Scorer(Gpt2Config config, NDManager manager, SafeTensors tensors, Precision precision)
      throws IOException {
    Reader reader = new Reader(manager, tensors);
    int width = config.width();
    this.config = config;
    this.manager = manager;
    this.kernels = new Gpt2Kernels(manager, precision, config.heads(), config.epsilon());
    this.wte = reader.array("wte.weight", config.vocabularySize(), width);
    this.wpe = reader.array("wpe.weight", config.positions(), width);
    this.blocks = new NDList[config.layers()];
    for (int layer = 0; layer < blocks.length; layer++) {
      blocks[layer] = block(reader, "h." + layer + ".", width);
    }
    this.last =
        new NDList(reader.array("ln_f.weight", width), reader.array("ln_f.bias", width), wte);
  }

  private static NDList block(Reader reader, String name, int width) throws IOException {
    return new NDList(
        reader.array(name + "ln_1.weight", width),
        reader.array(name + "ln_1.bias", width),
        reader.array(name + "attn.c_attn.weight", width, 3L * width),
        reader.array(name + "attn.c_attn.bias", 3L * width),
        reader.array(name + "attn.c_proj.weight", width, width),
        reader.array(name + "attn.c_proj.bias", width),
        reader.array(name + "ln_2.weight", width),
        reader.array(name + "ln_2.bias", width),
        reader.array(name + "mlp.c_fc.weight", width, 4L * width),
        reader.array(name + "mlp.c_fc.bias", 4L * width),
        reader.array(name + "mlp.c_proj.weight", 4L * width, width),
        reader.array(name + "mlp.c_proj.bias", width));
  }

  /** A reader of arrays from a file, each of its expected shape. */
  private record Reader(NDManager manager, SafeTensors tensors) {
    NDArray array(String name, long... dimensions) throws IOException {
      String full = tensors.names().contains(PREFIX + name) ? PREFIX + name : name;
      Shape shape = new Shape(dimensions);
      if (!tensors.names().contains(full) || !tensors.shape(full).equals(shape)) {
        throw new InvalidDataException(
            tensors.path(),
            "must have %s %s, as config.json says; download both again".formatted(name, shape));
      }
      return manager.create(tensors.asFiniteFloats(full), shape);
    }
  }

  /**
   * {@return the scorer in a folder, closed by the caller}
   *
   * @param folder the folder of {@code config.json} and {@code model.safetensors}
   * @param parent the manager, and so the device, of its arrays; stays the caller's
   * @param precision the element type of matrix products, float32 or bfloat16; norms, softmax and
   *     losses are float32 in both
   * @throws InvalidDataException if files are missing, damaged or of another network
   * @throws IOException if a file cannot be read
   */
  public static Gpt2Scorer load(Path folder, NDManager parent, Precision precision)
      throws IOException {
    Path model = folder.resolve(MODEL);
    if (!Files.isRegularFile(folder.resolve(CONFIG)) || !Files.isRegularFile(model)) {
      throw new InvalidDataException(
          folder,
          "has no config.json and model.safetensors; download both of gpt2, gpt2-medium, gpt2-large"
              + " or gpt2-xl from its page on Hugging Face into it");
    }
    Gpt2Config config = Gpt2Config.read(folder.resolve(CONFIG));
    NDManager manager = parent.newSubManager();
    try (SafeTensors tensors = SafeTensors.open(model)) {
      return new Gpt2Scorer(config, manager, tensors, precision);
    } catch (IOException | RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /**
   * {@return the file of the weights in a folder}
   *
   * @param folder the folder of {@code config.json} and {@code model.safetensors}
   */
  public static Path weights(Path folder) {
    return folder.resolve(MODEL);
  }

  /** {@return the most tokens that a sequence may have} */
  public int positions() {
    return config.positions();
  }

  /** {@return V, the number of its tokens} */
  public int vocabularySize() {
    return config.vocabularySize();
  }

  /**
   * Returns the logits of the token that follows each token.
   *
   * @param tokens [L], L at most {@link #positions}
   * @return float32 [L, V] in {@code scope}
   */
  NDArray logits(NDManager scope, int[] tokens) {
    NDArray batch = batch(scope, List.of(tokens), tokens.length);
    Hidden h = hidden(scope, batch);
    return kernels.logits(scope, h, last.get(0), last.get(1), wte).squeeze(0);
  }

  /**
   * Returns {@code -log p} of each token but the first given those before it, in nats.
   *
   * @param sequences the sequences, at least one, each of 2 to {@link #positions} tokens in [0, V),
   *     of any lengths; scored at once
   * @return for each sequence one number fewer than its tokens, at least 0
   * @throws IllegalArgumentException if there is no sequence, or a length or a token is out of its
   *     range
   */
  public double[][] crossEntropies(List<int[]> sequences) {
    require(!sequences.isEmpty(), "there must be at least one sequence", sequences.size());
    int length = sequences.stream().mapToInt(s -> s.length).max().orElse(0);
    sequences.forEach(this::check);
    try (NDManager scope = manager.newSubManager()) {
      NDArray tokens = batch(scope, sequences, length);
      float[] nats = kernels.next(scope, hidden(scope, tokens), last, tokens).toFloatArray();
      double[][] each = new double[sequences.size()][];
      for (int b = 0; b < each.length; b++) {
        each[b] = new double[sequences.get(b).length - 1];
        for (int n = 0; n < each[b].length; n++) {
          each[b][n] = nats[b * (length - 1) + n];
        }
      }
      return each;
    }
  }

  private void check(int[] sequence) {
    if (sequence.length < 2 || sequence.length > config.positions()) {
      throw new IllegalArgumentException(
          "a sequence must have 2 to %d tokens: %d".formatted(config.positions(), sequence.length));
    }
    for (int id : sequence) {
      if (id < 0 || id >= config.vocabularySize()) {
        throw new IllegalArgumentException(
            "a token must be in [0, %d): %d".formatted(config.vocabularySize(), id));
      }
    }
  }

  private Hidden hidden(NDManager scope, NDArray tokens) {
    Hidden h = kernels.embed(scope, tokens, wte, wpe);
    for (NDList block : blocks) {
      try (Hidden before = h) {
        h = kernels.block(scope, before, block);
      }
    }
    return h;
  }

  /** Shorter sequences are padded at their end, to which no token before it attends. */
  private static NDArray batch(NDManager scope, List<int[]> sequences, int length) {
    long[] flat =
        sequences.stream()
            .flatMapToInt(sequence -> Arrays.stream(Arrays.copyOf(sequence, length)))
            .asLongStream()
            .toArray();
    return scope.create(flat, new Shape(sequences.size(), length));
  }

  /** Frees the weights. */
  @Override
  public void close() {
    kernels.close();
    manager.close();
  }
}
