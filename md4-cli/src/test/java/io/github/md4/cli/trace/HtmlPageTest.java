// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.token.ImageShape;
import io.github.md4.sample.trace.Trace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HtmlPageTest {
  private static final String TEXT = "document.querySelectorAll('.text')[%d].textContent";

  @TempDir private Path folder;

  @TempDir private static Path profile;
  @AutoClose private static final Browser.Shared BROWSER = new Browser.Shared();

  private Path page() throws IOException {
    Path file = folder.resolve("trace.html");
    new HtmlPage(List.of(Traces.trace())).write(file);
    return file;
  }

  @Test
  void page_namesNothingOutsideItself() throws IOException {
    String page = Files.readString(page());
    assertThat(page)
        .doesNotContain("http:")
        .doesNotContain("https:")
        .doesNotContain("src=")
        .doesNotContain("@import")
        .doesNotContain("url(");
    assertThat(page.split("</script>", -1)).as("the sample's text ends no script").hasSize(2);
  }

  @Test
  void page_playsInABrowser() throws Exception {
    Browser browser = BROWSER.begin(profile);
    browser.prefer("prefers-color-scheme", "light");
    browser.open(page().toUri().toString());
    checkKeys(browser);
    checkSlider(browser);
    checkThemes(browser);
    checkPlaying(browser);
    checkChoice(browser);
    assertThat(browser.complaints()).isEmpty();
  }

  private static String text(Browser browser, int side) throws Exception {
    return browser.eval(TEXT.formatted(side)).asText();
  }

  private static void checkTexts(Browser browser, String left, String right) throws Exception {
    assertThat(text(browser, 0)).isEqualTo(left);
    assertThat(text(browser, 1)).isEqualTo(right);
  }

  private static void checkKeys(Browser browser) throws Exception {
    String mask = Traces.MASK;
    checkTexts(browser, mask + "b" + mask + mask, mask + mask);
    browser.press("ArrowRight");
    checkTexts(browser, mask + "b</script>" + mask, "x" + mask); // 1 of 4 is half a call of two
    browser.press("ArrowRight");
    checkTexts(browser, mask + "b</script>" + mask, mask + mask); // masked again
    browser.press("End");
    checkTexts(browser, "ab</script>\u21b5\n", "zy");
    browser.press("ArrowLeft");
    assertThat(text(browser, 1)).isEqualTo(mask + "y");
    browser.press("Home");
    checkTexts(browser, mask + "b" + mask + mask, mask + mask);
    browser.press("End");
    assertThat(browser.eval("document.querySelector('.now').textContent").asText())
        .isEqualTo("call 2 of 2 \u00b7 step 5, time 0.5000 \u00b7 0 masked");
    assertThat(browser.eval("document.querySelector('.text .frozen').textContent").asText())
        .isEqualTo("b");
    assertThat(browser.eval("document.querySelectorAll('.text span')[2].title").asText())
        .isEqualTo("step 2, time 0.8000, probability 0.500");
  }

  /** Tokens revealed at different times have different colours. */
  private static void checkSlider(Browser browser) throws Exception {
    String slide =
        "(s => { s.value = %d; s.dispatchEvent(new Event('input')); })(document.getElementById('slider'))";
    browser.run(slide.formatted(0));
    assertThat(text(browser, 1)).isEqualTo(Traces.MASK + Traces.MASK);
    browser.run(slide.formatted(750));
    assertThat(text(browser, 1)).isEqualTo(Traces.MASK + "y");
    assertThat(browser.eval("document.getElementById('share').textContent").asText())
        .isEqualTo("75%");
    browser.run(slide.formatted(1000));
    String color =
        "getComputedStyle(document.querySelectorAll('.text')[0].children[%d]).backgroundColor";
    String first = browser.eval(color.formatted(2)).asText();
    String last = browser.eval(color.formatted(0)).asText();
    assertThat(first).startsWith("rgb(").isNotEqualTo(last);
    assertThat(browser.eval(color.formatted(3)).asText()).isEqualTo(last);
  }

  private static void checkThemes(Browser browser) throws Exception {
    String background = "getComputedStyle(document.body).backgroundColor";
    String light = browser.eval(background).asText();
    browser.press("d");
    String dark = browser.eval(background).asText();
    assertThat(dark).isNotEqualTo(light);
    browser.run("document.getElementById('theme').click()");
    assertThat(browser.eval(background).asText()).isEqualTo(light);
    browser.prefer("prefers-color-scheme", "dark");
    while (!browser.eval(background).asText().equals(dark)) {
      Thread.sleep(20);
    }
  }

  private static void checkPlaying(Browser browser) throws Exception {
    browser.run("document.getElementById('speed').value = 4; document.activeElement.blur()");
    browser.press("Home");
    browser.press(" ");
    assertThat(browser.eval("document.getElementById('play').textContent").asText())
        .isEqualTo("Pause");
    while (!text(browser, 1).equals("zy")) { // four seconds
      Thread.sleep(50);
    }
    while (!browser.eval("document.getElementById('play').textContent").asText().equals("Play")) {
      Thread.sleep(20);
    }
  }

  private static void checkChoice(Browser browser) throws Exception {
    browser.run(
        "(s => { s.value = 0; s.dispatchEvent(new Event('change')); })(document.querySelectorAll('section select')[1])");
    assertThat(text(browser, 1)).isEqualTo(text(browser, 0));
  }

  /** An image of one colour or three; what is masked is grey. */
  @Test
  void page_showsImages() throws Exception {
    Path file = folder.resolve("images.html");
    Trace colours = Traces.image(new ImageShape(1, 1, 3), "7", "8", "250");
    Trace grey = Traces.image(new ImageShape(1, 3, 1), "7", "8", "250");
    new HtmlPage(List.of(colours, grey)).write(file);
    Browser browser = BROWSER.begin(profile);
    browser.open(file.toUri().toString());
    assertThat(pixels(browser, 0)).isEqualTo("128,128,250,255");
    assertThat(pixels(browser, 1)).isEqualTo("128,128,128,255,128,128,128,255,250,250,250,255");
    browser.press("End");
    assertThat(pixels(browser, 0)).isEqualTo("7,8,250,255");
    assertThat(pixels(browser, 1)).isEqualTo("7,7,7,255,8,8,8,255,250,250,250,255");
    assertThat(text(browser, 0)).isEmpty();
    assertThat(browser.complaints()).isEmpty();
  }

  private static String pixels(Browser browser, int side) throws Exception {
    return browser
        .eval(
            "(c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].join())(document.querySelectorAll('canvas')[%d])"
                .formatted(side))
        .asText();
  }

  /** Two traces are seen side by side, the first sequence of each. */
  @Test
  void page_ofTwoTracesShowsOneOfEach() throws Exception {
    Path file = folder.resolve("two.html");
    new HtmlPage(List.of(Traces.trace(), Traces.trace())).write(file);
    Browser browser = BROWSER.begin(profile);
    browser.open(file.toUri() + "#100");
    assertThat(
            browser
                .eval(
                    "[...document.querySelectorAll('section select')].map(s => s.selectedOptions[0].text).join()")
                .asText())
        .isEqualTo("trace 1, sample 0,trace 2, sample 0");
    checkTexts(browser, "ab</script>\u21b5\n", "ab</script>\u21b5\n");
    assertThat(browser.complaints()).isEmpty();
  }
}
