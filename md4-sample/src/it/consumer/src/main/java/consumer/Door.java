// SPDX-License-Identifier: Apache-2.0
package consumer;

import ai.djl.inference.Predictor;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A model folder through DJL's Criteria, which is told its path and the seed alone. */
public final class Door {
  public static void main(String[] args) throws Exception {
    Path folder = Files.createDirectories(Path.of(args[0]));
    for (String file : List.of("config.json", "tokenizer.json", "model.safetensors")) {
      try (InputStream in = Door.class.getResourceAsStream("/io/github/md4/tiny/" + file)) {
        Files.write(folder.resolve(file), in.readAllBytes());
      }
    }
    Criteria<String, String> criteria =
        Criteria.builder()
            .setTypes(String.class, String.class)
            .optModelPath(folder)
            .optArgument("seed", 7)
            .build();
    try (ZooModel<String, String> model = criteria.loadModel();
        Predictor<String, String> predictor = model.newPredictor()) {
      predictor.batchPredict(List.of("[MASK*]", "[MASK*]", "[MASK*]")).forEach(System.out::println);
    }
  }
}
