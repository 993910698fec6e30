package dev.quern.api.safety;

import dev.quern.api.settings.ApiProperties;
import dev.quern.api.settings.LimitProperties;
import dev.quern.jobs.access.AccessRepository;
import jakarta.servlet.http.HttpFilter;
import org.apache.catalina.Pipeline;
import org.apache.catalina.Valve;
import org.apache.catalina.core.StandardHost;
import org.apache.catalina.valves.ErrorReportValve;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;

/** The filters, in order, before everything else but the metrics of requests. */
@Configuration(proxyBeanMethods = false)
class SafetyConfiguration {
    private static final int FIRST = Ordered.HIGHEST_PRECEDENCE + 100;

    @Bean
    FilterRegistrationBean<ProxyFilter> proxyFilter(ApiProperties properties) {
        return at(-1, new ProxyFilter(Networks.parse(properties.proxies())));
    }

    @Bean
    FilterRegistrationBean<SafetyFilter> headersFilter() {
        return at(0, new HeadersFilter());
    }

    @Bean
    FilterRegistrationBean<SafetyFilter> hostFilter(ApiProperties properties) {
        return at(1, new HostFilter(properties.hosts()));
    }

    @Bean
    FilterRegistrationBean<SafetyFilter> authenticationFilter(AccessRepository access) {
        return at(2, new AuthenticationFilter(access));
    }

    @Bean
    FilterRegistrationBean<SafetyFilter> rateFilter(LimitProperties limits) {
        return at(3, new RateFilter(limits.requestsPerSecond(), System::nanoTime));
    }

    @Bean
    FilterRegistrationBean<SafetyFilter> targetFilter() {
        return at(4, new TargetFilter());
    }

    /** In the place of the valve that writes Tomcat's pages. */
    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> problemValve() {
        return factory -> factory.addContextCustomizers(context -> {
            Pipeline host = context.getParent().getPipeline();
            for (Valve valve : host.getValves()) {
                if (valve instanceof ErrorReportValve) {
                    host.removeValve(valve);
                }
            }
            ((StandardHost) context.getParent()).setErrorReportValveClass("");
            host.addValve(new ProblemValve());
        });
    }

    private static <T extends HttpFilter> FilterRegistrationBean<T> at(int position, T filter) {
        FilterRegistrationBean<T> registration = new FilterRegistrationBean<>(filter);
        registration.setOrder(FIRST + position);
        registration.setName(filter.getClass().getSimpleName());
        return registration;
    }
}
