package dev.quern.cli.command;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Help that shows options under the {@link Heading} of the class that declares them. */
public final class GroupedHelp {
    private static final Group OTHERS = new Group(0, "Options");

    private GroupedHelp() {}

    private record Group(int order, String heading) implements Comparable<Group> {
        @Override
        public int compareTo(Group other) {
            return Integer.compare(order, other.order);
        }
    }

    /** Gives a command and all its subcommands grouped help. */
    public static void install(CommandLine command) {
        command.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, GroupedHelp::render);
        command.getSubcommands().values().forEach(GroupedHelp::install);
    }

    private static String render(Help help) {
        Map<Group, List<OptionSpec>> groups = new TreeMap<>();
        for (OptionSpec option : help.commandSpec().options()) {
            if (!option.hidden()) {
                groups.computeIfAbsent(group(option), group -> new ArrayList<>())
                        .add(option);
            }
        }
        StringBuilder text = new StringBuilder();
        groups.forEach((group, options) -> {
            Help.Layout layout = help.createDefaultLayout();
            layout.addOptions(options, help.parameterLabelRenderer());
            text.append(System.lineSeparator())
                    .append(group.heading())
                    .append(':')
                    .append(System.lineSeparator())
                    .append(layout);
        });
        return text.toString();
    }

    private static Group group(OptionSpec option) {
        Heading heading = option.userObject() instanceof Field field
                ? field.getDeclaringClass().getAnnotation(Heading.class)
                : null;
        return heading == null ? OTHERS : new Group(heading.order(), heading.value());
    }
}
