import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A consumer of predictions and evaluations in Java, with kafka-clients and Jackson:
 * {@code java -cp ... Consumer localhost:9092 group [--to-end]}.
 *
 * <p>It keeps, for each match, the prediction that counts and the evaluation that counts, and says what it knows: at the
 * end of the topics with --to-end, else every ten seconds.
 */
public final class Consumer {
    private static final Duration SAY_EVERY = Duration.ofSeconds(10);

    private final Set<String> predictions = new HashSet<>();
    private final Map<List<String>, Integer> revisions = new HashMap<>();
    private final Map<String, JsonNode> evaluations = new HashMap<>();
    private final Set<String> superseded = new HashSet<>();

    /** A prediction: of each match the one with the highest revision counts. */
    void predicted(JsonNode prediction) {
        predictions.add(prediction.get("prediction_id").textValue());
        List<String> match =
                List.of(prediction.get("competition").textValue(), prediction.get("match_id").textValue());
        revisions.merge(match, prediction.get("revision").intValue(), Math::max);
    }

    /** An evaluation: one that another one supersedes counts no longer. */
    void evaluated(JsonNode evaluation) {
        evaluations.put(evaluation.get("evaluation_id").textValue(), evaluation);
        if (!evaluation.get("supersedes").isNull()) {
            superseded.add(evaluation.get("supersedes").textValue());
        }
    }

    /** Counts; "right" are matches in which the champion gave the true outcome the highest probability. */
    Map<String, Integer> summary() {
        int counting = 0;
        int scored = 0;
        int right = 0;
        for (Map.Entry<String, JsonNode> entry : evaluations.entrySet()) {
            if (superseded.contains(entry.getKey())) {
                continue;
            }
            counting++;
            scored += entry.getValue().get("outcome").isNull() ? 0 : 1;
            for (JsonNode score : entry.getValue().get("models")) {
                boolean champion = score.get("alias").textValue().equals("champion");
                right += champion && score.get("hit").booleanValue() ? 1 : 0;
            }
        }
        Map<String, Integer> summary = new TreeMap<>();
        summary.put("predictions", predictions.size());
        summary.put("matches", revisions.size());
        summary.put("evaluations", counting);
        summary.put("scored", scored);
        summary.put("right", right);
        return summary;
    }

    public static void main(String[] arguments) throws Exception {
        boolean toEnd = arguments.length > 2 && arguments[2].equals("--to-end");
        Properties settings = new Properties();
        settings.put("bootstrap.servers", arguments[0]);
        settings.put("group.id", arguments[1]);
        settings.put("auto.offset.reset", "earliest");
        // Committed when what was read is kept: nothing is lost when we die.
        settings.put("enable.auto.commit", "false");
        ObjectMapper json = new ObjectMapper();
        Consumer known = new Consumer();
        try (KafkaConsumer<byte[], byte[]> kafka =
                new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            kafka.subscribe(List.of("predictions", "evaluations"));
            Map<TopicPartition, Long> ends = Map.of();
            long said = System.nanoTime();
            while (true) {
                for (ConsumerRecord<byte[], byte[]> record : kafka.poll(Duration.ofMillis(200))) {
                    JsonNode message = json.readTree(record.value());
                    if (record.topic().equals("predictions")) {
                        known.predicted(message);
                    } else {
                        known.evaluated(message);
                    }
                }
                // This consumer keeps what it knows in memory and so reads everything anew when it starts; one with a
                // database would write there here, and then: kafka.commitSync();
                if (ends.isEmpty()) {
                    ends = kafka.endOffsets(kafka.assignment());
                }
                boolean atEnd = !ends.isEmpty();
                for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
                    atEnd &= kafka.position(end.getKey()) >= end.getValue();
                }
                boolean due = System.nanoTime() - said >= SAY_EVERY.toNanos();
                if (toEnd ? atEnd : due) {
                    said = System.nanoTime();
                    System.out.println(json.writeValueAsString(known.summary()));
                    if (toEnd) {
                        return;
                    }
                }
            }
        }
    }
}
