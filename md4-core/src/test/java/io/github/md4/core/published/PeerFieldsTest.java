// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The list of all fields of the published models' expected.json, and of the tests that hold them.
 */
@Tag("golden")
final class PeerFieldsTest {
  private static final Path PEERS = Path.of("../md4-core/src/test/resources/peers");

  private static final String DDIT = "DditPeersTest";
  private static final String RADD = "RaddPeersTest";
  private static final String BLOCKS = "BlockPeersTest";
  private static final String LLAMA = "LlamaPeersTest";
  private static final String SAMPLERS = "PublishedSamplersTest";
  private static final String CHECKS = "PublishedSampling"; // of both of them
  private static final String DRAWS = "PublishedDrawsTest";
  private static final String RUNS = "PublishedTrajectoriesTest";
  private static final String BLOCK_RUNS = "PublishedBlocksTest";

  /** What is said of a file and not of a model: where its numbers are from. */
  private static final Set<String> ABOUT =
      Set.of(
          "family",
          "source",
          "seed",
          "versions",
          "notes",
          "transformers",
          "fields",
          "inputs",
          "outputs",
          "ids");

  /** Each field of each folder, with the test that reads it. */
  private static final Map<String, Map<String, String>> HELD = held();

  private static Map<String, Map<String, String>> held() {
    Map<String, String> mdlm = new HashMap<>();
    add(mdlm, DDIT, "x0 xt t sigma dsigma t_grid sigma_grid dsigma_grid logits subs_log_probs nll");
    add(mdlm, DDIT, "nll_change_of_variables discrete_t discrete_nll step_t step_dt");
    add(mdlm, DDIT, "discrete_T ddpm_cache_probs ddpm_probs analytic_probs denoiser_probs");
    add(mdlm, DDIT, "importance_u importance_t");
    add(mdlm, RUNS, "trajectories sampler steps eps batch ids");
    add(mdlm, "PublishedUniforms", "drawn");
    Map<String, String> d3pm = new HashMap<>();
    add(d3pm, DDIT, "x0 xt T t sigma logits edge_vb_is_nan log_probs vb reconstruction loss");
    add(d3pm, DDIT, "log_probs_subs_masking vb_subs_masking reconstruction_subs_masking");
    add(d3pm, "PeerLossesTest", "edge_t");
    Map<String, String> sedd = new HashMap<>();
    add(sedd, DDIT, "x0 xt t sigma dsigma log_score score_entropy loss step_dt euler_probs");
    add(sedd, DDIT, "analytic_probs denoiser_probs staggered_score t_grid sigma_grid dsigma_grid");
    add(sedd, RUNS, "trajectories sampler steps eps batch ids");
    add(sedd, "PublishedUniforms", "drawn");
    Map<String, String> radd = new HashMap<>();
    add(radd, "DditFormulas", "x0");
    add(radd, RADD, "xt t sigma dsigma logits log_condition t_DSE t_DCE lambda lambda_DCE");
    add(radd, RADD, "k k_DCE steps update_rate_tweedie update_rate_euler direct_step direct_probs");
    add(radd, RUNS, "trajectories sampler strategy para eps batch ids");
    add(radd, "PublishedUniforms", "drawn");
    Map<String, String> bd3lm = new HashMap<>();
    add(bd3lm, BLOCKS, "x0 xt p train_logits attention_mask nll block_inputs sample_logits");
    add(bd3lm, BLOCKS, "sample_logits_cached step_t step_dt ddpm_probs nucleus_p nucleus_probs");
    add(bd3lm, BLOCK_RUNS, "trajectories sampler steps bos picks ids end network_passes");
    add(bd3lm, "PublishedUniforms", "drawn");
    Map<String, String> llada = new HashMap<>();
    add(llada, LLAMA, "input_ids attention_mask logits padded_logits likelihood");
    add(llada, LLAMA, "answer mc_num batch_size rows share value");
    add(llada, SAMPLERS, "generate steps gen_length block_length prompt passes transfer");
    add(llada, CHECKS, "cfg_scale temperature ids min_gap mask_left");
    add(llada, DRAWS, "noisy remasking drawn");
    Map<String, String> bf16 = new HashMap<>(llada);
    add(bf16, LLAMA, "logits_bf16");
    Map<String, String> dream = new HashMap<>();
    add(dream, LLAMA, "input_ids attention_mask logits padded_ids position_ids padded_logits");
    add(dream, LLAMA, "padded_logits_plain_positions");
    add(dream, SAMPLERS, "diffusion_generate alg steps max_new_tokens prompt history revealed");
    add(dream, SAMPLERS, "reveal masks counts");
    add(dream, CHECKS, "temperature eps top_p top_k ids min_gap mask_left");
    add(dream, DRAWS, "origin drawn");
    Map<String, String> a2d = new HashMap<>();
    add(a2d, LLAMA, "input_ids attention_mask logits padded_logits stock_max_abs_diff");
    add(a2d, SAMPLERS, "sampler steps max_new_tokens block_size prompts history transfer");
    add(a2d, CHECKS, "cfg_scale temperature ids mask_left");
    Map<String, String> qwen3 = new HashMap<>();
    add(qwen3, LLAMA, "input_ids attention_mask logits padded_logits");
    Map<String, Map<String, String>> all = new TreeMap<>();
    all.put("a2d-qwen3", qwen3);
    all.put("mdlm", mdlm);
    all.put("mdlm-time", mdlm);
    all.put("d3pm", d3pm);
    all.put("sedd", sedd);
    all.put("radd", radd);
    all.put("bd3lm", bd3lm);
    all.put("llada", llada);
    all.put("llada-gqa", llada);
    all.put("llada-bf16", bf16);
    all.put("dream", dream);
    all.put("a2d-qwen2", a2d);
    return all;
  }

  private static void add(Map<String, String> held, String test, String names) {
    for (String name : names.split(" ", -1)) {
      held.put(name, test);
    }
  }

  private static List<Path> folders() throws IOException {
    try (Stream<Path> all = Files.list(PEERS)) {
      return all.filter(folder -> Files.exists(folder.resolve("expected.json"))).sorted().toList();
    }
  }

  private static JsonObject expected(Path folder) throws IOException {
    String text = Files.readString(folder.resolve("expected.json"));
    return JsonParser.parseString(text).getAsJsonObject();
  }

  /** Returns the names of all fields, those of the elements of lists too. */
  private static Set<String> names(JsonObject root) {
    Set<String> names = new TreeSet<>();
    collect(root.getAsJsonObject("inputs"), names);
    collect(root.getAsJsonObject("outputs"), names);
    return names;
  }

  private static void collect(JsonElement element, Set<String> names) {
    if (element.isJsonObject()) {
      for (Map.Entry<String, JsonElement> field : element.getAsJsonObject().entrySet()) {
        names.add(field.getKey());
        collect(field.getValue(), names);
      }
    } else if (element.isJsonArray()) {
      element.getAsJsonArray().forEach(each -> collect(each, names));
    }
  }

  @Test
  void fields_areAllHeldByATest() throws IOException {
    Set<String> seen = new TreeSet<>();
    for (Path folder : folders()) {
      String name = folder.getFileName().toString();
      seen.add(name);
      assertThat(HELD).as("a folder whose fields no test is known to hold").containsKey(name);
      assertThat(names(expected(folder)))
          .as("fields of %s and those that tests hold", name)
          .containsExactlyInAnyOrderElementsOf(HELD.get(name).keySet());
    }
    assertThat(seen).isEqualTo(HELD.keySet());
  }

  /** Whatever the file explains is there, and nothing else, beside where it is from. */
  @Test
  void fields_areThoseThatTheFilesExplain() throws IOException {
    for (Path folder : folders()) {
      JsonObject root = expected(folder);
      Set<String> there = new HashSet<>(root.getAsJsonObject("inputs").keySet());
      there.addAll(root.getAsJsonObject("outputs").keySet());
      assertThat(there).as("%s", folder).isEqualTo(root.getAsJsonObject("fields").keySet());
      assertThat(ABOUT).as("%s", folder).containsAll(root.keySet());
    }
  }

  /** A test that no longer mentions a field does not hold it. */
  @Test
  void tests_mentionTheFieldsThatTheyHold() {
    Map<String, String> sources = new HashMap<>();
    HELD.forEach(
        (folder, fields) ->
            fields.forEach(
                (field, test) ->
                    assertThat(sources.computeIfAbsent(test, PeerFieldsTest::source))
                        .as("%s, which holds %s of %s", test, field, folder)
                        .contains(
                            '"'
                                + (field.endsWith("_subs_masking") ? "_subs_masking" : field)
                                + '"')));
  }

  private static String source(String test) {
    for (String module : List.of("core", "sample")) {
      Path root = Path.of("../md4-" + module + "/src/test/java");
      try (Stream<Path> files = Files.walk(root)) {
        List<Path> found =
            files.filter(file -> file.getFileName().toString().equals(test + ".java")).toList();
        if (!found.isEmpty()) {
          return Files.readString(found.get(0));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    throw new IllegalStateException("no test has this name: " + test);
  }
}
