package dev.quern.control.publish;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SourceCardTest {
    @Test
    void takesLicenceAndLanguagesAndNothingElse() {
        assertThat(SourceCard.frontMatter("""
                        ---
                        license: other
                        license_name: gemma
                        license_link: LICENSE
                        datasets:
                        - some/set
                        language:
                        - en
                        - de
                        model-index:
                        - name: x
                        ---
                        # A model
                        license: mit
                        """))
                .containsExactly(
                        "license: other", "license_name: gemma", "license_link: LICENSE", "language:", "- en", "- de");
    }

    @Test
    void aCardWithoutFrontMatterGivesNone() {
        assertThat(SourceCard.frontMatter("# A model\nlicense: mit\n")).isEmpty();
        assertThat(SourceCard.frontMatter("---\nlicense: mit\n")).isEmpty();
        assertThat(SourceCard.frontMatter("")).isEmpty();
    }

    @Test
    void whatIsNoPlainWordIsLeftOut() {
        assertThat(SourceCard.frontMatter("---\nlicense: {evil: [1]}\nlanguage: en\n---\n"))
                .containsExactly("language: en");
    }
}
