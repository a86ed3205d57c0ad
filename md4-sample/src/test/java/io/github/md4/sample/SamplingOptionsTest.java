// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.law.TokenLaw;
import io.github.md4.sample.method.ExactMethod;
import io.github.md4.sample.method.Leftovers;
import io.github.md4.sample.method.Methods;
import io.github.md4.sample.method.PublishedMethod;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.sample.service.RequestLimits;
import io.github.md4.sample.service.ServiceLimits;
import io.github.md4.sample.trajectory.Sample;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("exact")
final class SamplingOptionsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  static List<SamplingMethod> methods() {
    return Methods.all(20);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void method_isReadFromItsText(SamplingMethod method) {
    assertThat(SamplingMethod.parse(method.text())).isEqualTo(method);
    assertThat(SamplingOptions.defaults().withMethod(method).method()).isEqualTo(method);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void options_goThroughJacksonAndBack(SamplingMethod method) throws JsonProcessingException {
    SamplingOptions options =
        SamplingOptions.defaults()
            .withMethod(method)
            .temperature(0.7)
            .topK(40)
            .topP(0.9)
            .samples(3)
            .batchSize(2)
            .from(0.5);
    String json = JSON.writeValueAsString(options);
    assertThat(JSON.readValue(json, SamplingOptions.class)).isEqualTo(options);
  }

  static List<Record> otherOptions() {
    return List.of(
        ScoringOptions.defaults().groups(3),
        RequestLimits.none(),
        RequestLimits.none().within(Duration.ofMillis(1500)).weight(7),
        ServiceLimits.defaults(),
        ServiceLimits.defaults().requests(3).grace(Duration.ofSeconds(2)),
        new Sample(1, new int[] {2, 3}, "bc", new int[] {0}, 4, 5));
  }

  @ParameterizedTest
  @MethodSource("otherOptions")
  void others_goThroughJacksonAndBackToo(Record options) throws JsonProcessingException {
    String json = JSON.writeValueAsString(options);
    assertThat(JSON.readValue(json, options.getClass())).isEqualTo(options);
  }

  @Test
  void limits_mayLeaveOutWhatIsTheDefault() throws JsonProcessingException {
    assertThat(JSON.readValue("{}", RequestLimits.class)).isEqualTo(RequestLimits.none());
    assertThat(JSON.readValue("{\"requests\": 9}", ServiceLimits.class))
        .isEqualTo(ServiceLimits.defaults().requests(9));
    assertThat(JSON.readValue("{\"deadlineSeconds\": 1.5}", RequestLimits.class).deadline())
        .isEqualTo(Duration.ofMillis(1500));
  }

  @Test
  void json_mayLeaveOutWhatIsTheDefault() throws JsonProcessingException {
    SamplingOptions options =
        JSON.readValue("{\"seed\": 4, \"samples\": 2}", SamplingOptions.class);
    assertThat(options).isEqualTo(SamplingOptions.defaults().seed(4).samples(2));
  }

  @Test
  void builder_setsWhatItSays() {
    SamplingOptions options = SamplingOptions.defaults().steps(64).topP(0.9).samples(3);
    assertThat(options.method())
        .isEqualTo(new ExactMethod.Ancestral(new SamplingSteps(new SamplingGrid.Cosine(), 64)));
    assertThat(options.law()).isEqualTo(TokenLaw.of(new TokenLaw.TopP(0.9)));
    assertThat(options.samples()).isEqualTo(3);
  }

  /** Two of 53 random bits are equal once in 9e15. */
  @Test
  void seed_isRandomUnlessGiven() {
    assertThat(SamplingOptions.defaults().seed()).isNotEqualTo(SamplingOptions.defaults().seed());
    SamplingOptions options = SamplingOptions.defaults();
    assertThat(options.steps(3).topK(2).seed()).isEqualTo(options.seed());
    assertThat(options.randomSeed().seed()).isNotEqualTo(options.seed());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "llada|llada(128, 32, LOW, 0.0)",
        "dllm|dllm(128, 32, LOW, 0.0)",
        "dream-origin|dream-origin(128, 0.0)",
        "dream-maskgit-plus|dream-maskgit-plus(128, 0.0)",
        "dream-topk-margin|dream-topk-margin(128, 0.0)",
        "dream-entropy|dream-entropy(128, 0.0)",
        "radd|radd(128, 0.0)",
        "mdlm|mdlm(128)",
        "sedd-euler|sedd-euler(128)",
        "sedd-analytic|sedd-analytic(128)",
        "bd3lm|bd3lm(4, 0)"
      })
  void publishedSampler_mayBeANameAlone(String text, String whole) {
    assertThat(SamplingOptions.defaults().sampler(text).method().text())
        .isEqualTo(whole.replace("LOW", "low-confidence"));
  }

  @Test
  void publishedSamplers_areAllListed_andReadByTheirNames() {
    List<PublishedMethod> all = PublishedMethod.all();
    assertThat(all).extracting(SamplingMethod::name).doesNotHaveDuplicates();
    for (PublishedMethod method : all) {
      assertThat(SamplingMethod.parse(method.name())).isEqualTo(method);
      assertThat(SamplingMethod.parse(method.text())).isEqualTo(method);
    }
    assertThat(all.stream().<Class<?>>map(Object::getClass).distinct())
        .containsExactlyInAnyOrderElementsOf(Methods.variants(PublishedMethod.class).toList());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ancestral(20)|ancestral must be written ancestral(STEPS, GRID, LEFTOVERS): ancestral(20)",
        "ancestral(2.5, cosine, argmax)|ancestral takes a whole number: 2.5",
        "ancestral(0, cosine, argmax)|steps must be at least 1: 0",
        "margin(1, x)|margin takes a number: x",
        "mean(3, cosine, some)|leftovers must be argmax or drawn: some",
        "a b|must be a name, or NAME(ARGUMENT, ...): a b"
      })
  void sampler_saysWhatIsWrong(String text, String message) {
    assertThatThrownBy(() -> SamplingOptions.defaults().sampler(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void steps_areRefusedWhereThereAreNone() {
    SamplingOptions options =
        SamplingOptions.defaults().withMethod(new ExactMethod.FirstHitting(Leftovers.DRAWN));
    assertThatThrownBy(() -> options.steps(5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("sampler first-hitting has no steps: 5");
  }
}
