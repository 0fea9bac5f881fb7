import type { Repertoire } from './rule.ts';

/** Names the coach for what it is wherever it introduces itself. */
const WHO =
  'Je suis un coach de démonstration, à règles simples, pas une vraie intelligence artificielle. Que voulez-vous travailler ?';

export const french: Repertoire = {
  greeting:
    'Bonjour ! Je suis votre coach de démonstration. Voulez-vous préparer une présentation, un entretien ou un pitch ?',
  rules: [
    {
      id: 'who_are_you',
      hears:
        /\b(qui (es tu|etes vous)|vous etes qui|tu es qui|(es tu|etes vous) (un|une) (robot|humain|personne|ia|machine)|parler a (quelqu un|un conseiller)|un humain)\b/,
      answers: [
        WHO,
        'Je suis une démonstration : un petit coach à règles, sans vrai modèle derrière. On commence un exercice ?',
      ],
    },
    {
      id: 'goodbye',
      hears: /\b(au revoir|a bientot|bonne (journee|soiree)|on arrete|c est fini|merci a tous)\b/,
      answers: ['Merci à tous et à bientôt.', 'Bravo pour votre travail, et à bientôt !', 'Merci au revoir.'],
    },
    {
      id: 'interview',
      hears: /\b(entretien|recruteur|embauche|recrutement|(ce|un) poste|candidature)\b/,
      topic: 'interview',
      answers: [
        'Très bien, parlons de votre entretien. Présentez-vous en trois phrases : qui êtes-vous, et que cherchez-vous ?',
        'C’est une belle occasion pour notre entreprise. Avez-vous des questions ?',
        'Je joue le recruteur. Pourquoi ce poste vous intéresse-t-il ?',
        'C’est parfait. Très bien on avance.',
      ],
    },
    {
      id: 'pitch',
      hears: /\b(pitch|investisseurs?|start ?up|convaincre)\b/,
      topic: 'pitch',
      answers: [
        'Un pitch tient en une minute : le problème, votre idée, la preuve. Quel problème résolvez-vous ?',
        'C’est une belle occasion pour notre entreprise. Notre objectif est simple.',
        'Commencez par le client, pas par le produit. Qui souffre de ce problème ?',
      ],
    },
    {
      id: 'presentation',
      hears: /\b(presentation|presenter|expose|discours|conference|parler en public)\b/,
      topic: 'presentation',
      answers: [
        'Bonne idée. Dites-moi votre message en une seule phrase. Que doit retenir le public ?',
        'C’est parfait. Combien de temps faut-il pour la présentation ?',
        'Annoncez trois parties, pas plus. Quelle est la première ?',
        'La première idée est importante. On peut recommencer.',
      ],
    },
    {
      id: 'stress',
      hears: /\b(stress|stresse|trac|peur|angoisse|nerveux|nerveuse)\b/,
      answers: [
        'Le trac est de l’énergie. Expirez lentement avant de parler, puis regardez une personne. On essaie ?',
        'Je crois que nous pouvons faire mieux. On peut recommencer.',
        'C’est très humain. Inspirez quatre secondes, expirez six secondes. Quel moment vous inquiète le plus ?',
      ],
    },
    {
      id: 'pace',
      hears: /\b(trop vite|trop lent|trop lentement|mon debit|rythme|vitesse)\b/,
      answers: [
        'Faites une pause d’une seconde après chaque idée. Voulez-vous redire la même phrase, plus lentement ?',
        'Je crois que nous pouvons faire mieux. Pouvez-vous répéter s’il vous plaît ?',
        'Un bon repère : cent quarante mots par minute. Voulez-vous refaire votre première phrase ?',
      ],
    },
    {
      id: 'voice',
      hears: /\b(ma voix|articul\w*|prononc\w*|parler (plus )?fort|intonation)\b/,
      answers: [
        'Parlez comme à une personne au fond de la salle, et finissez vos phrases. On essaie ensemble ?',
        'Nous voulons aider les gens à parler en public. On peut recommencer.',
        'Appuyez un mot par phrase, un seul. Lequel choisissez-vous ?',
      ],
    },
    {
      id: 'advice',
      hears: /\b(conseils?|comment (puis je|faire|je peux)|aidez moi|ameliorer|progresser|apprendre)\b/,
      answers: [
        'Un conseil : une idée par phrase, puis une pause. Voulez-vous essayer ?',
        'Notre objectif est simple. La première idée est importante.',
        'Enregistrez-vous une minute, puis écoutez la fin de vos phrases. Qu’aimeriez-vous améliorer ?',
      ],
    },
    {
      id: 'flaws_and_strengths',
      hears: /\b(defauts?|qualites?|points? (forts?|faibles?)|force|faiblesse)\b/,
      topic: 'interview',
      answers: [
        'Donnez toujours un exemple, puis ce que vous faites pour progresser. Lequel donneriez-vous ?',
        'Oui c’est bien ça. Très bien on avance.',
        'Sincère, c’est bien. Quelle situation le montre ?',
      ],
    },
    {
      id: 'exercise',
      hears: /\b(exercices?|entrain\w*|travailler|pratiquer|m exercer)\b/,
      answers: [
        'Avec plaisir ! Présentation, entretien ou pitch : que choisissez-vous ?',
        'C’est parfait. Bonjour à tous on peut commencer.',
        'Parlez-moi une minute de votre métier, je vous écoute. Êtes-vous prêt ?',
      ],
    },
    {
      id: 'again',
      hears: /\b(recommenc\w*|refaire|encore une fois|reessay\w*)\b/,
      answers: [
        'D’accord. On peut recommencer.',
        'Reprenez depuis le début, plus lentement. Quelle est votre première phrase ?',
        'Très bien on avance. Je suis prêt à commencer.',
      ],
    },
    {
      id: 'ready',
      hears: /\b(pret|prete|commen(cer|cons|ce)|allons y|on y va|c est parti)\b/,
      answers: [
        'Très bien on avance. Je suis prêt à commencer.',
        'Je vous écoute. Quelle est votre première phrase ?',
        'Bonjour à tous on peut commencer.',
      ],
    },
    {
      id: 'opening',
      hears: /\b(bonjour a tous|d etre venus|tres heureux d etre ici|heureuse d etre ici)\b/,
      topic: 'presentation',
      answers: [
        'C’est parfait. Très bien on avance.',
        'Belle ouverture, souriez en la disant. Quelle est votre première idée ?',
        'Je suis très heureux d’être ici. Avez-vous des questions ?',
      ],
    },
    {
      id: 'conclusion',
      hears: /\b(pour conclure|en conclusion|vous remercier|pour finir)\b/,
      answers: [
        'Bonne conclusion. Laissez deux secondes de silence avant de remercier. On refait la fin ?',
        'Merci beaucoup. Avez-vous des questions ?',
        'C’est parfait. Je propose de passer au point suivant.',
      ],
    },
    {
      id: 'plan',
      hears: /\b(premiere|deuxieme|troisieme|partie|objectif|idee|projet|plan)\b/,
      answers: [
        'C’est clair. Quel exemple concret donnez-vous ?',
        'La première idée est importante. Je propose de passer au point suivant.',
        'Oui c’est bien ça. Très bien on avance.',
      ],
    },
    {
      id: 'figures',
      hears: /\b(clients|ventes|double|chiffres?|pour cent|euros|mois|ans)\b/,
      answers: [
        'Un chiffre marque les esprits : faites une pause juste après. Que prouve-t-il ?',
        'Oui c’est bien ça. C’est une belle occasion pour notre entreprise.',
        'Comparez ce chiffre à quelque chose de connu. À quoi par exemple ?',
      ],
    },
    {
      id: 'did_not_hear',
      hears: /\b(repeter|pas compris|pardon|comment ca)\b/,
      answers: [
        'D’accord. On peut recommencer.',
        'Bien sûr. Je propose un exercice : présentation, entretien ou pitch ?',
        'Notre objectif est simple. Nous voulons aider les gens à parler en public.',
      ],
    },
    {
      id: 'thanks',
      hears: /^(tres bien )?merci\b/,
      answers: [
        'Avec plaisir ! On continue ?',
        'Merci beaucoup. Très bien on avance.',
        'Bravo à vous. Quel point voulez-vous revoir ?',
      ],
    },
    {
      id: 'hello',
      hears: /^(bonjour|bonsoir|allo|salut|coucou)\b/,
      answers: [
        'Bonjour ! Je suis votre coach de démonstration. Présentation, entretien ou pitch ?',
        'Bonjour. Je suis très heureux d’être ici.',
        'Bonjour ! Que voulez-vous travailler aujourd’hui ?',
      ],
    },
    {
      id: 'yes',
      hears: /^(oui|d accord|c est parfait|tres bien|ok|volontiers|c est bien)\b/,
      answers: [
        'Très bien on avance. Je suis prêt à commencer.',
        'Parfait, je vous écoute. Par quoi commencez-vous ?',
        'C’est parfait. On peut recommencer.',
      ],
    },
    {
      id: 'no',
      hears: /^(non|pas vraiment|pas encore|je ne sais pas)\b/,
      answers: [
        'D’accord. Je propose de passer au point suivant.',
        'Pas de souci. Voulez-vous plutôt un conseil ou un exercice ?',
        'D’accord. Avez-vous des questions ?',
      ],
    },
  ],
  fillers: ['euh', 'du coup', 'en fait', 'voila', 'genre', 'tu vois'],
  onFillers: [
    'J’ai entendu {fillers}. Remplacez-le par un silence. Voulez-vous redire la phrase ?',
    'Je crois que nous pouvons faire mieux. On peut recommencer.',
    'Un silence vaut mieux que {fillers}. On essaie encore ?',
  ],
  onTopic: {
    presentation: [
      'Bien. Quelle est la phrase que le public doit retenir ?',
      'Très bien on avance. Avez-vous des questions ?',
      'Ajoutez un exemple vécu, les gens s’en souviennent. Lequel avez-vous ?',
      'C’est parfait. Je propose de passer au point suivant.',
    ],
    interview: [
      'Bonne réponse. Avec un résultat chiffré elle serait plus forte. Lequel pouvez-vous donner ?',
      'C’est une belle occasion pour notre entreprise. Avez-vous des questions ?',
      'Je suis le recruteur : pourquoi vous, plutôt qu’un autre ?',
      'Très bien on avance. Je propose de passer au point suivant.',
    ],
    pitch: [
      'Plus court encore. Que gagne votre client, en une phrase ?',
      'C’est une belle occasion pour notre entreprise. On peut recommencer.',
      'Quelle preuve avez-vous que cela marche ?',
      'Notre objectif est simple. Très bien on avance.',
    ],
  },
  frequentWords: new Set(
    `je j tu il elle on nous vous ils elles le la les l un une des du de d et ou est sont suis es etes sommes ai as a avons
    avez ont etait pas ne n pour par avec sans dans en sur que qui qu quoi quel quelle mon ma mes ton votre vos notre nos son sa
    ses ce cette ces c ca se s me m te moi au aux plus moins tres trop bien si mais donc comme quand comment pourquoi
    fais fait faire peux peut veux veut vais va voudrais oui non merci bonjour y`.split(/\s+/),
  ),
  notUnderstood: [
    'Je n’ai pas compris. Pouvez-vous répéter s’il vous plaît ?',
    'Je n’ai pas compris. Pouvez-vous le redire en une phrase plus courte ?',
  ],
  otherwise: [
    'C’est noté. Présentation, entretien ou pitch : que voulez-vous travailler ?',
    'Très bien on avance. Avez-vous des questions ?',
    'Je vous écoute. Pouvez-vous le redire en une phrase plus courte ?',
    'Je n’ai pas compris. Pouvez-vous répéter s’il vous plaît ?',
  ],
};
