/** The file `eloquence config init` writes: every setting with its default. */
export const exampleSettings = `# Eloquence : configuration de la commande « eloquence » / settings of the "eloquence" command.
# Tout est facultatif ; les valeurs écrites ici sont celles par défaut. Les options de la commande l'emportent sur ce fichier,
# et les variables ELOQUENCE_API_URL et ELOQUENCE_API_KEY aussi.
# Vérifier : eloquence config show

# Langue de la réunion, du compte rendu et des messages : fr ou en.
language: fr

api:
  # Adresse du serveur Eloquence.
  url: http://127.0.0.1:8000
  # Clé (une de API_KEYS du serveur) ; vide sur sa propre machine. Mieux : variable ELOQUENCE_API_KEY.
  key: ""

person:
  # Votre nom dans le compte rendu ; vide : celui de votre compte sur cette machine.
  name: ""
  # Votre identifiant pour « list » et « search » ; vide : tiré de votre compte.
  user_id: ""

meeting:
  # Une mini-synthèse toutes les … minutes (1 à 60).
  summary_interval_min: 10
  # La réunion s'arrête d'elle-même après … minutes (1 à 720) ; 240 = 4 h.
  max_duration_min: 240
  # La transcription complète figure, repliée, dans le compte rendu.
  include_full_transcript: true

# Qui écrit les synthèses (summarise) et le compte rendu (synthesise) : c'est le serveur qui choisit, par LLM_SUMMARISE et
# LLM_SYNTHESISE dans son fichier .env (mistral, openai, anthropic, ollama…). Une seule valeur est donc possible ici.
llm:
  summarise: server
  synthesise: server

recording:
  # Son de la machine (les autres) et micro (vous) : default, none, ou le nom d'un périphérique
  # (Linux : « pactl list short sources »).
  system_audio: default
  microphone: default
  # Volume (0 à 1) jusqu'auquel une source compte pour muette ; 0 : seul le silence absolu.
  silence_threshold: 0
  # Alerte quand une source se tait si longtemps (secondes) alors qu'on attend du son.
  silent_after_s: 30
  # Place que peut prendre le son gardé sur disque tant que le serveur ne l'a pas entendu (Mo).
  spool_max_mb: 2000
  # La transcription est écrite sur disque (fsync) dans le dossier de sortie toutes les … secondes au plus.
  micro_batch_s: 10
  # L'état montré par « eloquence meeting status » est écrit toutes les … secondes.
  checkpoint_interval_s: 10

output:
  # Un dossier par réunion y est créé.
  directory: ~/Eloquence
  # Formats écrits à la fin : md, html, pdf, docx, srt, vtt, json.
  formats: [md, html, pdf]
`;
