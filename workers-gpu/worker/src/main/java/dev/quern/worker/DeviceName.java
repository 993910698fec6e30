package dev.quern.worker;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which device of a machine: {@code cpu}, or a kind and a number, such as {@code cuda:0}.
 *
 * @param number from 0, among those of its kind; a machine's CPUs are one device
 */
public record DeviceName(String kind, int number) {
    /** All cores, in the memory of the process. */
    public static final DeviceName CPU = new DeviceName("cpu", 0);

    private static final Pattern FORM = Pattern.compile("([a-z]{1,16}):(\\d{1,3})");

    /** @throws QuernException INVALID_REQUEST that names the option */
    static DeviceName parse(String option) {
        if (option.equals(CPU.kind)) {
            return CPU;
        }
        Matcher named = FORM.matcher(option);
        if (!named.matches() || named.group(1).equals(CPU.kind)) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST,
                    "--device: " + option + " (expected: cpu, or a kind and a number such as cuda:0)");
        }
        return new DeviceName(named.group(1), Integer.parseInt(named.group(2)));
    }

    @Override
    public String toString() {
        return equals(CPU) ? kind : kind + ":" + number;
    }
}
