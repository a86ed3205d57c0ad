// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.StrictJson;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.model.SavedModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * The largest logits that a model must have in some rows, as numbers made by other code.
 *
 * @param ids the tokens shown, as published: the mask by its published id
 * @param row the position whose logits are compared, in [0, number of ids)
 * @param time the time that the network is told, in [0, 1], if it is told any
 * @param tokens the tokens with the largest logits, [k]
 * @param logits the logits of these tokens, [k]
 */
public record PublishedCheck(int[] ids, int row, double time, int[] tokens, double[] logits) {

  /**
   * The distance of a case: of each logit the absolute difference over one more than its size.
   *
   * @param of the case
   * @param largest the largest of these, at least 0; infinite where a token is none of the model's
   */
  public record Distance(PublishedCheck of, double largest) {}

  /**
   * Reads cases: {@code {"cases": [{"ids": [...], "row": 5, "top": [[id, logit], ...]}, ...]}},
   * with a {@code time} where the network is told it.
   *
   * @param file the file of cases
   * @return the cases, in order
   * @throws InvalidDataException if the file is missing or holds no such cases
   * @throws IOException if the file cannot be read
   */
  public static List<PublishedCheck> read(Path file) throws IOException {
    return new UntrustedFile(file).readJson("has no cases", json -> of(file, json));
  }

  /**
   * {@return the public numbers of a released model of a family and size; none if none are known}
   *
   * @param family the family of published models, by its name as {@code md4 import} takes it
   * @param vocabularySize V, the number of tokens without the mask
   * @throws IOException if the library's own list cannot be read
   */
  public static List<PublishedCheck> known(String family, int vocabularySize) throws IOException {
    try (InputStream in = PublishedCheck.class.getResourceAsStream("checks.json")) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      JsonObject all = JsonParser.parseString(text).getAsJsonObject();
      boolean isKnown =
          all.has(family)
              && all.getAsJsonObject(family).get("vocabularySize").getAsInt() == vocabularySize;
      return isKnown ? of(Path.of("checks.json"), all.getAsJsonObject(family)) : List.of();
    }
  }

  private static List<PublishedCheck> of(Path file, JsonObject json) {
    List<PublishedCheck> checks = new ArrayList<>();
    for (JsonElement each : json.getAsJsonArray("cases")) {
      JsonObject given = each.getAsJsonObject();
      JsonArray top = given.getAsJsonArray("top");
      int[] tokens = new int[top.size()];
      double[] logits = new double[top.size()];
      for (int i = 0; i < tokens.length; i++) {
        tokens[i] = StrictJson.whole(top.get(i).getAsJsonArray().get(0), "a token");
        logits[i] = StrictJson.number(top.get(i).getAsJsonArray().get(1), "a logit");
      }
      int[] ids =
          given.getAsJsonArray("ids").asList().stream()
              .mapToInt(id -> StrictJson.whole(id, "an id"))
              .toArray();
      int row = StrictJson.whole(given.get("row"), "row");
      if (tokens.length == 0 || row < 0 || row >= ids.length) {
        throw new InvalidDataException(file, "a case must have a row of its ids, and top logits");
      }
      double time = given.has("time") ? StrictJson.number(given.get("time"), "time") : 0;
      checks.add(new PublishedCheck(ids, row, time, tokens, logits));
    }
    return checks;
  }

  /**
   * {@return how far the logits of a model are from those given}
   *
   * @param manager the owner of the network's arrays, which are freed; its device is the network's
   * @param model the model, which stays open
   * @throws IllegalArgumentException if an id is none of the model's
   */
  public Distance distance(NDManager manager, SavedModel model) {
    int size = model.description().tokenizer().vocabularySize();
    for (int id : ids) {
      if (id < 0 || id > size) {
        throw new IllegalArgumentException("ids must be in [0, %d]: %d".formatted(size, id));
      }
    }
    Denoiser denoiser = model.denoiser().withMaskColumn();
    try (NDManager scope = manager.newSubManager()) {
      long[] flat = Arrays.stream(ids).asLongStream().toArray();
      NDArray zt = scope.create(flat, new Shape(1, ids.length));
      NDArray rows = scope.create(LongStream.of(row).toArray());
      float[] ours = denoiser.logits(zt, Condition.at(time), rows).toFloatArray();
      double largest = 0;
      for (int i = 0; i < tokens.length; i++) {
        boolean isKnown = tokens[i] >= 0 && tokens[i] < ours.length;
        double distance =
            isKnown
                ? Math.abs(ours[tokens[i]] - logits[i]) / (1 + Math.abs(logits[i]))
                : Double.POSITIVE_INFINITY;
        largest = Math.max(largest, distance);
      }
      return new Distance(this, largest);
    }
  }
}
